import { randomUUID } from 'node:crypto';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { logIn, PASSWORD, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

interface ListedSession {
  id: string;
  current: boolean;
  device: string | null;
}

async function sessionsOf({ accessToken }: TestUser): Promise<ListedSession[]> {
  const answer = await server.call<{ mySessions: ListedSession[] }>(
    '{ mySessions { id current device } }',
    {},
    { token: accessToken },
  );
  expect(answer.errors).toEqual([]);
  return answer.data?.mySessions ?? [];
}

const revoke = ({ accessToken }: TestUser, id: string) =>
  server.call('mutation ($id: ID!) { revokeSession(id: $id) }', { id }, { token: accessToken });

describe('mySessions', () => {
  it('shows everything that a session knows, under its declared names', async () => {
    server.clock.freeze();
    const { email } = await signUp(server);
    const now = server.clock.now();
    const operation = `mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { session {
      id createdAt lastActiveAt expiresAt ipAddress userAgent device current authMethods } } } }`;
    const headers = { 'user-agent': CHROME };
    const { data } = await server.call(operation, { input: { email, password: PASSWORD } }, { headers });
    expect(data).toEqual({
      login: {
        session: {
          id: expect.any(String),
          createdAt: now.toISOString(),
          lastActiveAt: now.toISOString(),
          expiresAt: new Date(now.getTime() + server.env.REFRESH_TOKEN_TTL * 1000).toISOString(),
          ipAddress: '127.0.0.1',
          userAgent: CHROME,
          device: 'Chrome on Windows',
          current: true,
          authMethods: ['pwd'],
        },
      },
    });
  });

  it('lists the live sessions of the caller, the most recently active first, and marks the current one', async () => {
    const first = await signUp(server);
    server.clock.advance(1);
    const second = await logIn(server, first.email);
    server.clock.advance(1);
    const third = await logIn(server, first.email);
    await server.call('mutation { logout }', {}, { token: third.accessToken });
    await signUp(server);
    const listed = async (as: TestUser) => (await sessionsOf(as)).map(({ id, current }) => ({ id, current }));
    expect(await listed(first)).toEqual([
      { id: second.sessionId, current: false },
      { id: first.sessionId, current: true },
    ]);
    server.clock.advance(1);
    await refreshed(server, first.refreshToken);
    expect(await listed(second)).toEqual([
      { id: first.sessionId, current: false },
      { id: second.sessionId, current: true },
    ]);
  });

  it('leaves out sessions that have expired', async () => {
    const user = await signUp(server);
    const { sessionId } = await logIn(server, user.email);
    await server.em().nativeUpdate(Session, sessionId, { expiresAt: server.clock.now() });
    expect((await sessionsOf(user)).map(({ id }) => id)).toEqual([user.sessionId]);
  });

  it.each([
    ['', null],
    ['\u00fcnknown', null],
    ['curl/8.5.0', null],
    ['<script>alert(1)</script>', null],
    [CHROME, 'Chrome on Windows'],
    [`${CHROME} ${'x'.repeat(2000)}`, 'Chrome on Windows'],
  ])('calls the device of user agent %j %j', async (userAgent, device) => {
    const user = await signUp(server);
    await server.em().nativeUpdate(Session, user.sessionId, { userAgent: userAgent.slice(0, 500) || null });
    expect((await sessionsOf(user))[0]?.device).toBe(device);
  });
});

describe('revokeSession', () => {
  it('ends one of the own sessions at once, and is audited', async () => {
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    expect((await revoke(user, other.sessionId)).data).toEqual({ revokeSession: true });
    expect(await whoAmI(server, other.accessToken)).toBe(REVOKED);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    const event = await server.em().findOneOrFail(AuditEvent, { type: 'session.revoked', subjectId: user.id });
    expect(event).toMatchObject({ actorId: user.id, sessionId: user.sessionId, details: { ended: 1 } });
  });

  it('may end the session that asks', async () => {
    const user = await signUp(server);
    expect((await revoke(user, user.sessionId)).data).toEqual({ revokeSession: true });
    expect(await whoAmI(server, user.accessToken)).toBe(REVOKED);
  });

  it('finds neither the session of another user, nor one that ended, nor what is no id: one answer for all', async () => {
    const [user, stranger] = [await signUp(server), await signUp(server)];
    const ended = await logIn(server, user.email);
    await revoke(user, ended.sessionId);
    const malformed = [
      '',
      ' ',
      '1',
      '%',
      "' or 1=1 --",
      `${user.sessionId} `,
      `{${user.sessionId}}`,
      '\0',
      'x'.repeat(5000),
    ];
    const ids = [stranger.sessionId, ended.sessionId, user.id, randomUUID(), ...malformed];
    const answers = await Promise.all(ids.map((id) => revoke(user, id)));
    for (const { data, errors } of answers) {
      expect([data, errors.length]).toEqual([null, 1]);
      expect(errors[0]).toMatchObject({
        message: 'You have no such session.',
        path: ['revokeSession'],
        extensions: { code: 'NOT_FOUND', action: 'NONE' },
      });
    }
    expect(await whoAmI(server, stranger.accessToken)).toBe(stranger.id);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

describe('revokeOtherSessions', () => {
  it('ends all but the session that asks, and tells how many there were', async () => {
    const user = await signUp(server);
    const others = [await logIn(server, user.email), await logIn(server, user.email)];
    const stranger = await signUp(server);
    const ask = () => server.call('mutation { revokeOtherSessions }', {}, { token: user.accessToken });
    expect((await ask()).data).toEqual({ revokeOtherSessions: 2 });
    expect((await ask()).data).toEqual({ revokeOtherSessions: 0 });
    for (const { accessToken } of others) expect(await whoAmI(server, accessToken)).toBe(REVOKED);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect(await whoAmI(server, stranger.accessToken)).toBe(stranger.id);
  });
});

describe('without a session', () => {
  it.each(['{ mySessions { id } }', 'mutation { revokeOtherSessions }', 'mutation { revokeSession(id: "x") }'])(
    '%s is refused',
    async (operation) => {
      const answer = await server.call(operation);
      expect([answer.data, refusalOf(answer)]).toEqual([null, 'UNAUTHENTICATED/TOKEN_MISSING']);
    },
  );
});
