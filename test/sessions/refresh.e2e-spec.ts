import { decodeJwt } from 'jose';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { logIn, refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { refreshTokenOf } from '../support/refresh-tokens.js';

const INVALID = 'UNAUTHENTICATED/REFRESH_TOKEN_INVALID';
const REUSED = 'UNAUTHENTICATED/REFRESH_TOKEN_REUSED';
const REVOKED = 'UNAUTHENTICATED/SESSION_REVOKED';
const GRACE = 60;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  server.clock.freeze();
});
afterAll(() => server.stop());

const sessionOf = ({ sessionId }: TestUser) => server.em().findOneOrFail(Session, sessionId);
const alarmsOf = async ({ sessionId }: TestUser) => {
  const types = ['session.refresh_reused', 'session.refresh_unknown_counter'] as const;
  const where = { sessionId, type: { $in: [...types] } };
  return (await server.em().find(AuditEvent, where, { orderBy: { id: 'asc' } })).map(({ type }) => type);
};

describe('the current refresh token', () => {
  it('gives a new pair of the same session, and both tokens are new', async () => {
    const user = await signUp(server);
    const renewed = await refreshed(server, user.refreshToken);
    expect(renewed).toMatchObject({ id: user.id, sessionId: user.sessionId });
    expect([renewed.accessToken, renewed.refreshToken]).not.toContain(user.accessToken);
    expect(renewed.refreshToken).not.toBe(user.refreshToken);
    expect(await whoAmI(server, renewed.accessToken)).toBe(user.id);
    // A refresh replaces nothing that is still good: other requests of the client are under way with it.
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

describe('the refresh token before the current one', () => {
  // @see supabase/auth#2136
  it.each([0, 1, GRACE - 1])('gives the same successor again %d s after the rotation, to whoever asks', async (age) => {
    const user = await signUp(server);
    const lost = await refreshed(server, user.refreshToken);
    server.clock.advance(age);
    const { accessToken, refreshToken } = await refreshed(server, user.refreshToken);
    expect(refreshToken).toBe(lost.refreshToken);
    expect(await whoAmI(server, accessToken)).toBe(user.id);
    expect((await sessionOf(user)).refreshCounter).toBe(1);
  });

  it.each([GRACE, GRACE + 1])('is reuse %d s after the rotation, though its successor was never used', async (age) => {
    const user = await signUp(server);
    const { refreshToken } = await refreshed(server, user.refreshToken);
    server.clock.advance(age);
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe(REUSED);
    expect(refusalOf(await refresh(server, refreshToken))).toBe(REVOKED);
  });

  it('does not make its grace period longer by asking within it', async () => {
    const user = await signUp(server);
    await refreshed(server, user.refreshToken);
    server.clock.advance(GRACE - 1);
    await refreshed(server, user.refreshToken);
    server.clock.advance(1);
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe(REUSED);
  });

  // @see supabase/auth-js#213
  it('is what all but one of many tabs present: none of them loses the session', async () => {
    const user = await signUp(server);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refreshed(server, user.refreshToken)));
    const successors = new Set(answers.map(({ refreshToken }) => refreshToken));
    expect(successors.size).toBe(1);
    expect((await sessionOf(user)).refreshCounter).toBe(1);
    for (const { accessToken } of answers) expect(await whoAmI(server, accessToken)).toBe(user.id);
    const [successor = ''] = successors;
    expect((await refreshed(server, successor)).sessionId).toBe(user.sessionId);
  });
});

describe('an older refresh token', () => {
  // @see supabase/auth PR#466
  it('ends its session and it alone, at once, also within the grace period', async () => {
    const user = await signUp(server);
    const otherDevice = await logIn(server, user.email);
    const second = await refreshed(server, user.refreshToken);
    const third = await refreshed(server, second.refreshToken);
    const answer = await refresh(server, user.refreshToken);
    expect([answer.status, answer.data, refusalOf(answer)]).toEqual([200, null, REUSED]);
    expect(answer.errors[0]?.extensions.action).toBe('LOGIN');

    expect(await whoAmI(server, third.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    for (const { refreshToken } of [user, second, third])
      expect(refusalOf(await refresh(server, refreshToken))).toBe(REVOKED);
    expect(await whoAmI(server, otherDevice.accessToken)).toBe(user.id);
    expect((await refreshed(server, otherDevice.refreshToken)).sessionId).toBe(otherDevice.sessionId);
  });

  it('leaves the revocation and an audit event behind, though the request failed', async () => {
    const user = await signUp(server);
    const second = await refreshed(server, user.refreshToken);
    await refreshed(server, second.refreshToken);
    await refresh(server, user.refreshToken, { headers: { 'user-agent': 'Thief/1.0' } });
    expect(await sessionOf(user)).toMatchObject({
      refreshCounter: 2,
      revokedAt: server.clock.now(),
      revokedReason: 'refresh_reused',
    });
    const event = await server
      .em()
      .findOneOrFail(AuditEvent, { type: 'session.refresh_reused', sessionId: user.sessionId });
    expect(event).toMatchObject({
      subjectId: user.id,
      userAgent: 'Thief/1.0',
      ipAddress: '127.0.0.1',
      at: server.clock.now(),
    });
  });

  it('raises the alarm once: afterwards the session is a revoked one', async () => {
    const user = await signUp(server);
    await refreshed(server, (await refreshed(server, user.refreshToken)).refreshToken);
    await refresh(server, user.refreshToken);
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe(REVOKED);
    expect(await alarmsOf(user)).toEqual(['session.refresh_reused']);
  });
});

describe('a genuine refresh token that is newer than the row', () => {
  it('is invalid and audited, and does not end the session: a restored backup looks like this', async () => {
    const user = await signUp(server);
    const { id, refreshSalt } = await sessionOf(user);
    const fromTheFuture = refreshTokenOf(server.env.JWT_SECRET, { id, refreshSalt }, 3);
    expect(refusalOf(await refresh(server, fromTheFuture))).toBe(INVALID);
    expect(await alarmsOf(user)).toEqual(['session.refresh_unknown_counter']);
    expect((await refreshed(server, user.refreshToken)).sessionId).toBe(user.sessionId);
  });
});

describe('what is no refresh token of a session here', () => {
  // @see kelektiv/node.bcrypt.js#1188
  it('is invalid, changes nothing and raises no alarm', async () => {
    const user = await signUp(server);
    const { id, refreshSalt } = await sessionOf(user);
    const forged = [
      `${user.refreshToken.slice(0, -20)}${'A'.repeat(20)}`,
      refreshTokenOf('a guessed secret', { id, refreshSalt }, 0),
      refreshTokenOf(server.env.JWT_SECRET, { id, refreshSalt: Buffer.alloc(32).toString('base64url') }, 0),
      refreshTokenOf(server.env.JWT_SECRET, { id: user.id, refreshSalt }, 0),
      'lkr_',
      'garbage',
      ' ',
      '\0',
      'lkr_'.repeat(1000),
      user.refreshToken.toLowerCase(),
      ` ${user.refreshToken}`,
      `${user.refreshToken}=`,
    ];
    for (const token of forged) expect(refusalOf(await refresh(server, token))).toBe(INVALID);
    expect(await sessionOf(user)).toMatchObject({ refreshCounter: 0, revokedAt: null });
    expect(await alarmsOf(user)).toEqual([]);
  });

  it.each([
    'mutation { refresh { __typename } }',
    'mutation { refresh(input: {}) { __typename } }',
    'mutation { refresh(input: { refreshToken: null }) { __typename } }',
    'mutation { refresh(input: { refreshToken: "" }) { __typename } }',
  ])('is missing in %s', async (operation) => {
    const answer = await server.call(operation);
    expect([answer.data, refusalOf(answer)]).toEqual([null, 'UNAUTHENTICATED/REFRESH_TOKEN_MISSING']);
  });
});

describe('without a grace period', () => {
  it('the token before the current one is reuse at once, also in parallel', async () => {
    const strict = await TestServer.start({ env: { REFRESH_GRACE_SECONDS: '0' } });
    const user = await signUp(strict);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(strict, user.refreshToken)));
    const outcomes = answers.map(refusalOf);
    expect(outcomes.filter((it) => it === undefined)).toHaveLength(1);
    expect(outcomes.filter((it) => it === REUSED).length).toBeGreaterThan(0);
    expect(refusalOf(await refresh(strict, user.refreshToken))).toBe(REVOKED);
    await strict.stop();
  });
});

describe('two instances', () => {
  it('answer the same successor to the same token', async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    const env = { JWT_SECRET: server.env.JWT_SECRET };
    const first = await TestServer.start({ databaseUrl, env });
    const second = await TestServer.start({ databaseUrl, env });
    const user = await signUp(first);
    const [here, there] = [await refreshed(first, user.refreshToken), await refreshed(second, user.refreshToken)];
    expect(there.refreshToken).toBe(here.refreshToken);
    expect(decodeJwt(there.accessToken).jti).not.toBe(decodeJwt(here.accessToken).jti);
    expect((await refreshed(first, there.refreshToken)).sessionId).toBe(user.sessionId);
    await Promise.all([first.stop(), second.stop()]);
    await dropDatabase(databaseUrl);
  });
});
