import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { publicJwk } from '../../src/keys/key-material.js';
import { KeysService } from '../../src/keys/keys.service.js';
import { thumbprint } from '../../src/keys/thumbprint.js';
import { signUp, type TestUser } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { forgerOf, signJws, withSegment } from './forge.js';

const INVALID = 'UNAUTHENTICATED/TOKEN_INVALID';
const NO_ALGORITHM = ['none', 'None', 'NONE', 'nOnE', 'nonE', '', ' none', null, undefined, 0, ['none'], {}];

const pairOf = (algorithm: string) =>
  algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Every way in which somebody could write a public key down and take it for an HMAC secret. */
function writtenForms(key: KeyObject, jwk: object): Buffer[] {
  const pem = key.export({ format: 'pem', type: 'spki' }).toString();
  const der = key.export({ format: 'der', type: 'spki' });
  const pkcs1 = key.asymmetricKeyType === 'rsa' ? [key.export({ format: 'pem', type: 'pkcs1' }).toString()] : [];
  const members = Object.values(key.export({ format: 'jwk' }) as Record<string, string>);
  const texts = [pem, pem.trim(), pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', ''), ...pkcs1];
  const json = [JSON.stringify(jwk), JSON.stringify(key.export({ format: 'jwk' })), JSON.stringify({ keys: [jwk] })];
  const buffers = [...texts, ...json, der.toString('base64'), ...members].map((text) => Buffer.from(text));
  return [der, ...buffers, ...members.map((member) => Buffer.from(member, 'base64url'))];
}

describe.each(['ES256', 'RS256'] as const)('a server that signs with %s', (algorithm) => {
  let server: TestServer;
  let user: TestUser;
  let header: { kid: string; typ: string };
  let claims: object;
  beforeAll(async () => {
    server = await TestServer.start({ env: { JWT_ALGORITHM: algorithm } });
    user = await signUp(server);
    header = { kid: String(decodeProtectedHeader(user.accessToken).kid), typ: 'at+jwt' };
    claims = decodeJwt(user.accessToken);
  });
  afterAll(() => server.stop());

  const verdicts = async (tokens: string[]) => [...new Set(await Promise.all(tokens.map((t) => whoAmI(server, t))))];

  it('accepts what it signed, so that the refusals below mean something', async () => {
    expect(await whoAmI(server, forgerOf(server)(claims))).toBe(user.id);
  });

  // @see auth0/node-jsonwebtoken#423
  it('refuses a token without an algorithm, in every spelling, with and without a signature', async () => {
    const tokens = NO_ALGORITHM.flatMap((alg) => {
      const signed = forgerOf(server)(claims, { alg });
      const [head, payload] = signed.split('.');
      return [signed, `${head}.${payload}.`, `${head}.${payload}`, `${head}.${payload}..`, `${head}.${payload}.AA`];
    });
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  // @see hokaccha/node-jwt-simple#14
  it('refuses an HMAC that is keyed with the public key, in whatever form', async () => {
    const known = server.app.get(KeysService).signing();
    const keys = writtenForms(known.key, publicJwk(known));
    const tokens = keys.flatMap((key) =>
      ['HS256', 'HS384', 'HS512'].flatMap((hmac) => [
        signJws({ ...header, alg: hmac }, claims, key, hmac),
        signJws({ ...header, alg: algorithm }, claims, key, hmac),
      ]),
    );
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it('refuses an HMAC that is keyed with JWT_SECRET, which is not a signing key here', async () => {
    const secret = createSecretKey(Buffer.from(server.env.JWT_SECRET));
    const kids = [header.kid, thumbprint(secret)];
    const tokens = kids.map((kid) => signJws({ ...header, kid, alg: 'HS256' }, claims, secret, 'HS256'));
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it('refuses another key of the same algorithm, under our kid or its own', async () => {
    const { publicKey, privateKey } = pairOf(algorithm);
    const kids = [header.kid, thumbprint(publicKey)];
    const tokens = kids.map((kid) => signJws({ ...header, kid, alg: algorithm }, claims, privateKey, algorithm));
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it('refuses its own key under any other algorithm, and its own algorithm in any other spelling', async () => {
    const { privateKey } = server.app.get(KeysService).signing();
    const others = algorithm === 'ES256' ? ['ES384', 'ES512'] : ['RS384', 'RS512', 'PS256', 'PS512'];
    const tokens = others.map((alg) => signJws({ ...header, alg }, claims, privateKey, alg));
    const respelled = [algorithm.toLowerCase(), `${algorithm} `, `${algorithm}\0`, 'Es256', 'EdDSA', [algorithm]];
    tokens.push(...respelled.map((alg) => signJws({ ...header, alg }, claims, privateKey, algorithm)));
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it('never asks a key that a header brings along or points to', async () => {
    const asked: (string | undefined)[] = [];
    const { publicKey, privateKey } = pairOf(algorithm);
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: thumbprint(publicKey), alg: algorithm, use: 'sig' };
    const elsewhere = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys`;
    const x5c = [publicKey.export({ format: 'der', type: 'spki' }).toString('base64')];
    const offers = [{ jku: url }, { x5u: url }, { jwk }, { x5c }, { 'x5t#S256': jwk.kid }];
    const tokens = offers.flatMap((offer) =>
      [header.kid, jwk.kid, url].map((kid) =>
        signJws({ ...header, kid, alg: algorithm, ...offer }, claims, privateKey, algorithm),
      ),
    );
    expect(await verdicts(tokens)).toEqual([INVALID]);
    expect(await verdicts(offers.map((offer) => forgerOf(server)(claims, offer)))).toEqual([user.id]);
    expect(asked).toEqual([]);
    elsewhere.close();
  });

  it('refuses the signature of another token, and none', async () => {
    const other = await signUp(server);
    const signature = other.accessToken.split('.')[2] ?? '';
    const zeros = Buffer.alloc(Buffer.from(signature, 'base64url').length).toString('base64url');
    const tokens = [signature, zeros, '', 'AA'].map((it) => withSegment(user.accessToken, 2, () => it));
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });
});

describe('a server that signs with HS256', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { JWT_ALGORITHM: 'HS256' } });
  });
  afterAll(() => server.stop());

  it('refuses HS384 and HS512 with the right secret, HS256 with any other, and no algorithm at all', async () => {
    const { accessToken, id } = await signUp(server);
    const claims = decodeJwt(accessToken);
    const { kid } = decodeProtectedHeader(accessToken);
    const secret = Buffer.from(server.env.JWT_SECRET);
    const sign = (alg: unknown, key: Buffer, hmac: string) => signJws({ alg, typ: 'at+jwt', kid }, claims, key, hmac);
    expect(await whoAmI(server, sign('HS256', secret, 'HS256'))).toBe(id);
    const wrongKeys = ['', 'secret', 'null', server.env.JWT_SECRET.slice(1), `${server.env.JWT_SECRET}\n`];
    const tokens = [
      ...['HS384', 'HS512'].flatMap((alg) => [sign(alg, secret, alg), sign('HS256', secret, alg)]),
      ...['hs256', 'HS256 ', ...NO_ALGORITHM].map((alg) => sign(alg, secret, 'HS256')),
      ...wrongKeys.map((key) => sign('HS256', Buffer.from(key), 'HS256')),
      sign('HS256', Buffer.from(server.env.JWT_SECRET, 'base64url'), 'HS256'),
    ];
    for (const token of tokens) expect(await whoAmI(server, token)).toBe(INVALID);
  });

  it('refuses the token of an asymmetric key, also when the key is named by its own thumbprint', async () => {
    const { accessToken } = await signUp(server);
    for (const algorithm of ['ES256', 'RS256', 'PS256']) {
      const { privateKey } = pairOf(algorithm);
      for (const kid of [decodeProtectedHeader(accessToken).kid, thumbprint(createPublicKey(privateKey))]) {
        const token = signJws({ alg: algorithm, typ: 'at+jwt', kid }, decodeJwt(accessToken), privateKey, algorithm);
        expect(await whoAmI(server, token)).toBe(INVALID);
      }
    }
  });
});
