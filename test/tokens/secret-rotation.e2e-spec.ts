import { randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { KeysService } from '../../src/keys/keys.service.js';
import { refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { forgerOf } from './forge.js';

const newSecret = () => randomBytes(32).toString('base64url');

// @see mikenicholson/passport-jwt#143
describe.each(['HS256', 'ES256'])('a new JWT_SECRET, with %s', (algorithm) => {
  const [old, current] = [newSecret(), newSecret()];
  let databaseUrl: string;
  let user: TestUser;
  let expired: string;
  let oldKid: string | undefined;

  const restart = (secret: string, previous: string[] = []) =>
    TestServer.start({
      databaseUrl,
      env: { JWT_ALGORITHM: algorithm, JWT_SECRET: secret, JWT_PREVIOUS_SECRETS: previous.join(',') },
    });

  beforeAll(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    const before = await restart(old);
    user = await signUp(before);
    oldKid = decodeProtectedHeader(user.accessToken).kid;
    const now = before.clock.epochSeconds();
    const claims: object = decodeJwt(user.accessToken);
    expired = forgerOf(before)({ ...claims, iat: now - 900, exp: now - 6 });
    await before.stop();
  });
  afterAll(() => dropDatabase(databaseUrl));

  it('logs nobody out while the old one is among JWT_PREVIOUS_SECRETS', async () => {
    const server = await restart(current, [newSecret(), old]);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    const renewed = await refreshed(server, user.refreshToken);
    expect(renewed.sessionId).toBe(user.sessionId);
    expect(await whoAmI(server, renewed.accessToken)).toBe(user.id);
    // An old token that has expired has expired: the client is to refresh, not to sign in.
    expect(await whoAmI(server, expired)).toBe('UNAUTHENTICATED/TOKEN_EXPIRED');
    await server.stop();
  });

  it('makes the successor of an old refresh token under the new secret', async () => {
    const both = await restart(current, [old]);
    const owner = await signUp(both);
    await both.stop();
    const server = await restart(current);
    expect((await refreshed(server, owner.refreshToken)).sessionId).toBe(owner.sessionId);
    await server.stop();
  });

  it('refuses what was signed under a secret that is in neither place', async () => {
    const server = await restart(newSecret(), [newSecret()]);
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_INVALID');
    await server.stop();
  });

  it('leaves the key that signs, and its kid, to the algorithm', async () => {
    const server = await restart(current, [old]);
    const { accessToken } = await signUp(server);
    expect(decodeProtectedHeader(accessToken).kid).toBe(server.app.get(KeysService).signing().kid);
    // HS256 signs with the secret itself.
    if (algorithm === 'HS256') expect(decodeProtectedHeader(accessToken).kid).not.toBe(oldKid);
    await server.stop();
  });
});
