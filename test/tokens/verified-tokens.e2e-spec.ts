import { KeyRotation } from '../../src/keys/key-rotation.js';
import { KeysService } from '../../src/keys/keys.service.js';
import { signUp } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const EXPIRED = 'UNAUTHENTICATED/TOKEN_EXPIRED';
const INVALID = 'UNAUTHENTICATED/TOKEN_INVALID';
const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';

describe('a token whose signature was verified before', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  async function knownUser() {
    const user = await signUp(server);
    for (let time = 0; time < 2; time++) expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    return user;
  }

  it('is refused once its time is over', async () => {
    const user = await knownUser();
    const later = server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS;
    server.clock.advance(later);
    expect(await whoAmI(server, user.accessToken)).toBe(EXPIRED);
    server.clock.advance(-later);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('is refused before its time, when the clock was set back', async () => {
    const user = await knownUser();
    server.clock.advance(-60);
    expect(await whoAmI(server, user.accessToken)).toBe(INVALID);
    server.clock.advance(60);
  });

  it('is refused once its session has ended', async () => {
    const user = await knownUser();
    await server.call('mutation { logout }', {}, { token: user.accessToken });
    expect(await whoAmI(server, user.accessToken)).toBe(REVOKED);
  });

  it('vouches for no other token: with another signature, and with other claims under its own', async () => {
    const user = await knownUser();
    const other = await knownUser();
    const [header, claims, signature] = user.accessToken.split('.');
    const [, otherClaims, otherSignature] = other.accessToken.split('.');
    expect(await whoAmI(server, [header, claims, otherSignature].join('.'))).toBe(INVALID);
    expect(await whoAmI(server, [header, otherClaims, signature].join('.'))).toBe(INVALID);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('is refused once its key is revoked', async () => {
    const user = await knownUser();
    const { kid } = server.app.get(KeysService).signing();
    await server.app.get(KeyRotation).revoke(kid);
    await server.app.get(KeysService).reload();
    expect(await whoAmI(server, user.accessToken)).toBe(INVALID);
  });
});
