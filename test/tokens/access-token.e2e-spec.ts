import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import request from 'supertest';
import { KeysService } from '../../src/keys/keys.service.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { Role } from '../../src/roles/role.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { refreshed, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { dropDatabase, testEngine, temporaryDatabaseUrl } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('an access token', () => {
  let server: TestServer;
  let user: TestUser;
  beforeAll(async () => {
    server = await TestServer.start();
    server.clock.freeze();
    user = await signUp(server);
  });
  afterAll(() => server.stop());

  it('carries the claims of RFC 9068, and no others', () => {
    const now = server.clock.epochSeconds();
    expect(decodeJwt(user.accessToken)).toEqual({
      iss: server.env.JWT_ISSUER,
      aud: 'latchkey',
      sub: user.id,
      sid: user.sessionId,
      jti: expect.stringMatching(UUID),
      iat: now,
      exp: now + 900,
      auth_time: now,
      amr: ['pwd'],
      client_id: 'latchkey',
      roles: ['user'],
      ver: 1,
    });
  });

  it('names its type, its algorithm and its key, and nothing else, in the header', () => {
    const { kid } = server.app.get(KeysService).signing();
    expect(decodeProtectedHeader(user.accessToken)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid });
  });

  it('stays under 1 KB with long values in every claim', async () => {
    const names = Array.from({ length: 4 }, (_, index) => `role-${index}-of-the-regional-support-team`);
    const em = server.em();
    for (const name of names) em.create(Role, { name, permissions: [], createdAt: new Date() });
    await em.flush();
    const busy = await signUpWithRoles(server, 'admin', ...names);
    expect(decodeJwt(busy.accessToken)['roles']).toEqual(['admin', ...names, 'user']);
    expect(busy.accessToken.length).toBeLessThan(1024);
  });

  it('never outlives its session', async () => {
    const owner = await signUp(server);
    const end = new Date(server.clock.now().getTime() + server.env.SESSION_MAX_AGE * 1000);
    // Refreshed often enough not to idle away, until five minutes before the absolute end.
    let { refreshToken } = owner;
    const step = server.env.REFRESH_TOKEN_TTL - 1;
    for (let left = server.env.SESSION_MAX_AGE - 300; left > 0; left -= step) {
      server.clock.advance(Math.min(step, left));
      ({ refreshToken } = await refreshed(server, refreshToken));
    }
    const { accessToken } = await refreshed(server, refreshToken);
    expect(decodeJwt(accessToken).exp).toBe(end.getTime() / 1000);
    expect((await server.em().findOneOrFail(Session, owner.sessionId)).expiresAt).toEqual(end);
  });
});

describe.each(['ES256', 'RS256', 'PS256'])('with %s', (algorithm) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { JWT_ALGORITHM: algorithm } });
  });
  afterAll(() => server.stop());

  it('a service that knows the JWKS and nothing else can verify a token', async () => {
    const user = await signUp(server);
    const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(user.accessToken, keys, {
      algorithms: [algorithm],
      issuer: server.env.JWT_ISSUER,
      audience: server.env.JWT_AUDIENCE,
      typ: 'at+jwt',
    });
    expect([payload.sub, protectedHeader.alg]).toEqual([user.id, algorithm]);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it.each(['jwks.json', 'oauth-authorization-server'])(
    '%s may be cached, and is confirmed by its ETag',
    async (name) => {
      const ask = () => request(server.url).get(`/.well-known/${name}`);
      const { status, headers, type } = await ask();
      expect([status, headers['cache-control'], type]).toEqual([200, 'public, max-age=300', 'application/json']);
      const again = await ask().set('If-None-Match', String(headers['etag']));
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );

  it('the metadata names the issuer and where its keys are (RFC 8414)', async () => {
    expect(await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()).toEqual({
      issuer: server.env.JWT_ISSUER,
      jwks_uri: `${server.env.PUBLIC_URL}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    });
  });

  it('the JWKS holds the public members of one key, under its RFC 7638 thumbprint', async () => {
    const { keys } = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as { keys: object[] };
    const common = { alg: algorithm, use: 'sig', kid: await calculateJwkThumbprint(keys[0] ?? {}) };
    const text = expect.any(String);
    const members =
      algorithm === 'ES256' ? { kty: 'EC', crv: 'P-256', x: text, y: text } : { kty: 'RSA', e: 'AQAB', n: text };
    expect(keys).toEqual([{ ...common, ...members }]);
  });
});

describe('with HS256', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { JWT_ALGORITHM: 'HS256' } });
  });
  afterAll(() => server.stop());

  it('the shared secret verifies a token, and the JWKS is empty', async () => {
    const user = await signUp(server);
    const { payload } = await jwtVerify(user.accessToken, Buffer.from(server.env.JWT_SECRET), {
      algorithms: ['HS256'],
    });
    expect(payload.sub).toBe(user.id);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect(await (await fetch(`${server.url}/.well-known/jwks.json`)).json()).toEqual({ keys: [] });
  });
});

describe('two instances on one database', () => {
  it('sign with the same key, though both find none and make one', async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    // Migrates, and makes no key.
    await (await TestServer.start({ databaseUrl, env: { JWT_ALGORITHM: 'HS256' } })).stop();
    const env = { JWT_SECRET: randomBytes(32).toString('base64url') };
    const instance = () => TestServer.start({ databaseUrl, env });
    // At the same moment where several processes may write; two connections of one process wait for each other on SQLite.
    const [first, second] =
      testEngine === 'postgres' ? await Promise.all([instance(), instance()]) : [await instance(), await instance()];
    const user = await signUp(first);
    expect(await whoAmI(second, user.accessToken)).toBe(user.id);
    expect(await first.em().count(SigningKey)).toBe(1);
    await Promise.all([first.stop(), second.stop()]);
    await dropDatabase(databaseUrl);
  });
});
