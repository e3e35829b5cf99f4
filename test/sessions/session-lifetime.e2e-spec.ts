import { Session } from '../../src/sessions/session.entity.js';
import { logIn, newEmail, refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const ACCESS = 60;
const IDLE = 3600;
const ABSOLUTE = 3 * 3600;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    env: {
      ACCESS_TOKEN_TTL: `${ACCESS}`,
      REFRESH_TOKEN_TTL: `${IDLE}`,
      SESSION_MAX_AGE: `${ABSOLUTE}`,
      MAX_SESSIONS_PER_USER: '3',
    },
  });
  server.clock.freeze();
});
afterAll(() => server.stop());

const rowOf = ({ sessionId }: TestUser) => server.em().findOneOrFail(Session, sessionId);
const inSeconds = (seconds: number) => new Date(server.clock.now().getTime() + seconds * 1000);

describe('an idle session', () => {
  it('lives until REFRESH_TOKEN_TTL after its last refresh, to the second', async () => {
    const user = await signUp(server);
    server.clock.advance(IDLE - 1);
    const { refreshToken } = await refreshed(server, user.refreshToken);
    server.clock.advance(IDLE);
    const answer = await refresh(server, refreshToken);
    expect([answer.data, refusalOf(answer)]).toEqual([null, 'UNAUTHENTICATED/REFRESH_TOKEN_EXPIRED']);
    expect(answer.errors[0]?.extensions.action).toBe('LOGIN');
  });

  it('is not brought nearer to its end by a clock that is set back during a refresh', async () => {
    const user = await signUp(server);
    const { expiresAt } = await rowOf(user);
    server.clock.advance(-2 * IDLE);
    const { refreshToken } = await refreshed(server, user.refreshToken);
    server.clock.advance(2 * IDLE);
    expect((await rowOf(user)).expiresAt).toEqual(expiresAt);
    expect((await refreshed(server, refreshToken)).id).toBe(user.id);
  });

  it('is kept alive by refreshes alone: reading with the access token moves nothing', async () => {
    const user = await signUp(server);
    const { lastActiveAt, expiresAt } = await rowOf(user);
    expect([lastActiveAt, expiresAt]).toEqual([server.clock.now(), inSeconds(IDLE)]);
    server.clock.advance(ACCESS - 1);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect(await rowOf(user)).toMatchObject({ lastActiveAt, expiresAt });
    await refreshed(server, user.refreshToken);
    const moved = { lastActiveAt: server.clock.now(), expiresAt: inSeconds(IDLE) };
    expect(await rowOf(user)).toMatchObject(moved);
    server.clock.advance(10);
    // The same successor again is no activity: it answers what has happened already.
    await refreshed(server, user.refreshToken);
    expect(await rowOf(user)).toMatchObject(moved);
  });
});

describe('a session that is in use', () => {
  it('ends SESSION_MAX_AGE after the login in any case, with both of its tokens', async () => {
    const user = await signUp(server);
    const end = inSeconds(ABSOLUTE);
    let current = user;
    for (let age = 0; age < ABSOLUTE - 1;) {
      const step = Math.min(IDLE - 1, ABSOLUTE - 1 - age);
      server.clock.advance(step);
      age += step;
      current = await refreshed(server, current.refreshToken);
    }
    expect((await rowOf(user)).expiresAt).toEqual(end);
    expect(await whoAmI(server, current.accessToken)).toBe(user.id);
    server.clock.advance(1);
    expect(refusalOf(await refresh(server, current.refreshToken))).toBe('UNAUTHENTICATED/SESSION_EXPIRED');
    // Within the clock tolerance of the token, and past the end of the session.
    expect(await whoAmI(server, current.accessToken)).toBe('UNAUTHENTICATED/SESSION_EXPIRED');
  });
});

describe('the payload', () => {
  it('tells when the session ends, and when the access token does', async () => {
    const user = await signUp(server);
    const fields = 'expiresIn expiresAt refreshExpiresAt serverTime tokenType';
    const operation = `mutation ($input: RefreshInput) { refresh(input: $input) { ${fields} } }`;
    const { data } = await server.call(operation, { input: { refreshToken: user.refreshToken } });
    expect(data).toEqual({
      refresh: {
        expiresIn: ACCESS,
        expiresAt: inSeconds(ACCESS).toISOString(),
        refreshExpiresAt: inSeconds(IDLE).toISOString(),
        serverTime: server.clock.now().toISOString(),
        tokenType: 'Bearer',
      },
    });
  });
});

describe('one login more than MAX_SESSIONS_PER_USER', () => {
  const liveIds = async (user: TestUser) => {
    const rows = await server.em().find(Session, { user: user.id, revokedAt: null });
    return rows.map(({ id }) => id).sort();
  };

  it('ends the session that was idle the longest, not the oldest', async () => {
    const first = await signUp(server);
    server.clock.advance(1);
    const second = await logIn(server, first.email);
    server.clock.advance(1);
    const third = await logIn(server, first.email);
    server.clock.advance(1);
    const kept = await refreshed(server, first.refreshToken);
    server.clock.advance(1);
    const fourth = await logIn(server, first.email);
    expect(await liveIds(first)).toEqual([first, third, fourth].map(({ sessionId }) => sessionId).sort());
    expect(await rowOf(second)).toMatchObject({ revokedAt: server.clock.now(), revokedReason: 'session_limit' });
    expect(refusalOf(await refresh(server, second.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await whoAmI(server, kept.accessToken)).toBe(first.id);
  });

  it('does not count sessions that have ended', async () => {
    const first = await signUp(server);
    await server.call('mutation { logout }', {}, { token: first.accessToken });
    server.clock.advance(IDLE - 10);
    const kept = await logIn(server, first.email);
    for (let count = 0; count < 2; count++) await logIn(server, first.email);
    expect((await rowOf(kept)).revokedAt).toBeNull();
  });

  it('leaves the limit in place under parallel logins, and other users alone', async () => {
    const bystander = await signUp(server);
    const user = await signUp(server, newEmail());
    const logins = await Promise.all(Array.from({ length: 12 }, () => logIn(server, user.email)));
    const live = await liveIds(user);
    expect(live).toHaveLength(3);
    const works = await Promise.all(logins.map(({ accessToken }) => whoAmI(server, accessToken)));
    expect(works.filter((id) => id === user.id)).toHaveLength(3);
    expect(await liveIds(bystander)).toEqual([bystander.sessionId]);
  });
});
