import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { logIn, refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import type { CallOptions } from '../support/graphql-client.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { statementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';

const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** Logs out, which is never refused. */
async function logOut(input: object | null, options: CallOptions = {}): Promise<void> {
  const operation = 'mutation ($input: LogoutInput) { logout(input: $input) }';
  const { status, data, errors } = await server.call(operation, { input }, options);
  expect([status, data, errors]).toEqual([200, { logout: true }, []]);
}

async function expectEnded(...sessions: TestUser[]): Promise<void> {
  for (const { accessToken, refreshToken } of sessions) {
    expect(await whoAmI(server, accessToken)).toMatch(/\/TOKEN_(REVOKED|EXPIRED)$/);
    expect(refusalOf(await refresh(server, refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
  }
}

async function expectAlive(...sessions: TestUser[]): Promise<void> {
  for (const { accessToken, id } of sessions) expect(await whoAmI(server, accessToken)).toBe(id);
}

describe('logout', () => {
  // @see opengovsg/plumber PR#2203
  it('ends every copy of both tokens, and no other session', async () => {
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    await logOut(null, { token: user.accessToken });
    expect(await whoAmI(server, user.accessToken)).toBe(REVOKED);
    await expectEnded(user);
    await expectAlive(other);
  });

  // @see brocoders/nestjs-boilerplate PR#1068
  it('ends all tokens of the session, those before and after a refresh', async () => {
    const user = await signUp(server);
    const renewed = await refreshed(server, user.refreshToken);
    await logOut(null, { token: renewed.accessToken });
    await expectEnded(user, renewed);
  });

  it('works with the refresh token alone, current or replaced', async () => {
    const user = await signUp(server);
    await logOut({ refreshToken: user.refreshToken });
    await expectEnded(user);
    const other = await logIn(server, user.email);
    const renewed = await refreshed(server, other.refreshToken);
    await logOut({ refreshToken: other.refreshToken });
    await expectEnded(renewed);
  });

  it('works with an access token that has expired or gone stale', async () => {
    const user = await signUp(server);
    server.clock.advance(server.env.ACCESS_TOKEN_TTL + 60);
    await logOut(null, { token: user.accessToken });
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
  });

  it('is true twice, and without any token', async () => {
    const user = await signUp(server);
    for (let count = 0; count < 2; count++) await logOut(null, { token: user.accessToken });
    for (const input of [null, {}, { refreshToken: null }, { refreshToken: '' }, { everywhere: null }])
      await logOut(input);
    expect(await server.em().count(AuditEvent, { type: 'user.logged_out', subjectId: user.id })).toBe(1);
  });

  it('is true for tokens that mean nothing, and ends nothing then', async () => {
    const user = await signUp(server);
    const [header, payload, signature = ''] = user.accessToken.split('.');
    const garbage = ['x', `${header}.${payload}.`, `${header}.${payload}.AA`, `${header}.${payload}.${'A'.repeat(86)}`];
    for (const token of [...garbage, user.refreshToken, `.${payload}.${signature}`]) await logOut(null, { token });
    for (const refreshToken of ['x', user.accessToken, `${user.refreshToken}A`]) await logOut({ refreshToken });
    for (const authorization of ['Basic x', 'Bearer', '']) await logOut(null, { headers: { authorization } });
    await expectAlive(user);
  });

  it('with tokens of two sessions ends both', async () => {
    const [user, other] = [await signUp(server), await signUp(server)];
    const bystander = await logIn(server, other.email);
    await logOut({ refreshToken: other.refreshToken }, { token: user.accessToken });
    await expectEnded(user, other);
    await expectAlive(bystander);
  });
});

describe('logout with tokens of a session that has ended', () => {
  it('begins no transaction', async () => {
    const user = await signUp(server);
    await logOut(null, { token: user.accessToken });
    const input = { refreshToken: user.refreshToken };
    const statements = await statementsOf(server, () => logOut(input, { token: user.accessToken }));
    expect(statements.filter((sql) => !/^select/i.test(sql))).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(3);
  });
});

describe('logout everywhere', () => {
  it('ends all sessions of the user, and those of nobody else', async () => {
    const user = await signUp(server);
    const others = [await logIn(server, user.email), await logIn(server, user.email)];
    const stranger = await signUp(server);
    await logOut({ everywhere: true }, { token: user.accessToken });
    await expectEnded(user, ...others);
    await expectAlive(stranger);
    const rows = await server.em().find(Session, { user: user.id });
    expect(rows.map(({ revokedReason }) => revokedReason)).toEqual(['logout', 'logout', 'logout']);
  });

  it('is no power of a session that has ended: an old token can not throw the user out', async () => {
    const user = await signUp(server);
    await logOut(null, { token: user.accessToken });
    const later = await logIn(server, user.email);
    await logOut({ everywhere: true, refreshToken: user.refreshToken }, { token: user.accessToken });
    await expectAlive(later);
  });
});
