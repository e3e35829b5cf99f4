import { decodeJwt } from 'jose';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Role } from '../../src/roles/role.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, refresh, refreshed, signUp, signUpWithRoles, withAccounts } from '../support/accounts.js';
import { changeByHand } from '../support/by-hand.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const STALE = 'UNAUTHENTICATED/TOKEN_STALE';
const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
/** A field for those who may read users: what an administrator sees of their own account. */
const ADMIN_QUERY = '{ me { roles lastLoginAt } }';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('a change of roles', () => {
  // @see hasura/graphql-engine#1631
  it('takes a right away at the next request, and logs nobody out', async () => {
    await signUpWithRoles(server, 'admin');
    const admin = await signUpWithRoles(server, 'admin');
    expect(refusalOf(await server.call(ADMIN_QUERY, {}, { token: admin.accessToken }))).toBeUndefined();
    await withAccounts(server, (accounts) => accounts.setRoles(admin.email, ['user']));

    const stale = await server.call(ADMIN_QUERY, {}, { token: admin.accessToken });
    expect([stale.data, refusalOf(stale), stale.errors[0]?.extensions.action]).toEqual([null, STALE, 'REFRESH']);
    const { accessToken, sessionId } = await refreshed(server, admin.refreshToken);
    expect(sessionId).toBe(admin.sessionId);
    const answer = await server.call(ADMIN_QUERY, {}, { token: accessToken });
    expect(answer.data).toEqual({ me: { roles: ['user'], lastLoginAt: null } });
    expect(answer.errors).toMatchObject([{ path: ['me', 'lastLoginAt'], extensions: { code: 'FORBIDDEN' } }]);
  });

  it('gives a right after one refresh, which brings the new roles into the token', async () => {
    const user = await signUp(server);
    await withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user', 'admin']));
    const { accessToken } = await refreshed(server, user.refreshToken);
    expect(decodeJwt(accessToken)).toMatchObject({ roles: ['admin', 'user'], ver: 2 });
    const { data, errors } = await server.call(ADMIN_QUERY, {}, { token: accessToken });
    expect([data, errors]).toEqual([{ me: { roles: ['admin', 'user'], lastLoginAt: expect.any(String) } }, []]);
  });

  it('of the permissions of a role counts at once, without a new token', async () => {
    const em = server.em();
    const role = em.create(Role, { name: 'support', permissions: [], createdAt: new Date() });
    await em.flush();
    const user = await signUpWithRoles(server, 'support');
    const ask = () => server.call(ADMIN_QUERY, {}, { token: user.accessToken });
    expect(refusalOf(await ask())).toBe('FORBIDDEN');
    role.permissions = ['users:read'];
    await em.flush();
    expect(refusalOf(await ask())).toBeUndefined();
  });

  it('has to be refreshed away: a token of the newer version is as stale as one of the older', async () => {
    const user = await signUp(server);
    await changeByHand(server, (em) => em.nativeUpdate(User, { id: user.id }, { version: 5 }));
    expect(await whoAmI(server, user.accessToken)).toBe(STALE);
    const { accessToken } = await refreshed(server, user.refreshToken);
    await changeByHand(server, (em) => em.nativeUpdate(User, { id: user.id }, { version: 4 }));
    expect(await whoAmI(server, accessToken)).toBe(STALE);
  });
});

describe('a deleted user', () => {
  // @see thephpleague/oauth2-server#1026
  it('is nobody from the next request on, and leaves no session', async () => {
    const user = await signUpWithRoles(server, 'admin');
    await changeByHand(server, (em) => em.nativeDelete(User, { id: user.id }));
    expect(await whoAmI(server, user.accessToken)).toBe(REVOKED);
    expect(refusalOf(await server.call(ADMIN_QUERY, {}, { token: user.accessToken }))).toBe(REVOKED);
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_INVALID');
    expect(await server.em().count(Session, { user: user.id })).toBe(0);
  });
});

describe('a disabled user', () => {
  // @see jazzband/djangorestframework-simplejwt#193
  it('can neither use nor refresh a token of any session, nor sign in, also after being enabled again', async () => {
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    await withAccounts(server, (accounts) => accounts.disable(user.email, null));
    for (const { accessToken, refreshToken } of [user, other]) {
      expect(await whoAmI(server, accessToken)).toBe(REVOKED);
      expect(refusalOf(await refresh(server, refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    }
    await expect(logIn(server, user.email)).rejects.toThrow('INVALID_CREDENTIALS');
    await withAccounts(server, (accounts) => accounts.enable(user.email));
    expect(await whoAmI(server, user.accessToken)).toBe(REVOKED);
    expect((await logIn(server, user.email)).id).toBe(user.id);
    const reasons = await server.em().find(Session, { user: user.id, revokedReason: 'account_disabled' });
    expect(reasons).toHaveLength(2);
  });

  it('is told apart from a revoked one when only the account was changed, by hand', async () => {
    const user = await signUp(server);
    await changeByHand(server, (em) => em.nativeUpdate(User, { id: user.id }, { disabledAt: new Date() }));
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/ACCOUNT_DISABLED');
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/ACCOUNT_DISABLED');
    expect((await server.em().findOneOrFail(Session, user.sessionId)).refreshCounter).toBe(0);
  });

  it('loses its cookies with the refused refresh', async () => {
    const user = await signUp(server);
    await withAccounts(server, (accounts) => accounts.disable(user.email, null));
    const origin = new URL(server.env.APP_URL).origin;
    const headers = { origin, cookie: `latchkey-refresh=${user.refreshToken}` };
    const answer = await server.call('mutation { refresh { __typename } }', {}, { headers });
    expect(refusalOf(answer)).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    const cleared = answer.headers
      .getSetCookie()
      .map((it) => it.replace(/^(\S+)=;.*Expires=Thu, 01 Jan 1970.*$/, '$1'));
    expect(cleared).toEqual(['latchkey-access', 'latchkey-refresh']);
  });
});

describe('the tokens of one user', () => {
  // @see auth0/node-jsonwebtoken#399
  it('differ, whenever they are issued, and end with their own session alone', async () => {
    const { email, id } = await signUp(server);
    const logins = await Promise.all(Array.from({ length: 10 }, () => logIn(server, email)));
    const renewed = await Promise.all(logins.map(({ refreshToken }) => refreshed(server, refreshToken)));
    const all = [...logins, ...renewed];
    expect(new Set(all.map(({ accessToken }) => accessToken)).size).toBe(20);
    expect(new Set(all.map(({ refreshToken }) => refreshToken)).size).toBe(20);
    await server.call('mutation { logout }', {}, { token: logins[0]?.accessToken });
    const verdicts = await Promise.all(renewed.map(({ accessToken }) => whoAmI(server, accessToken)));
    expect(verdicts).toEqual([REVOKED, ...Array.from({ length: 9 }, () => id)]);
  });

  // @see brocoders/nestjs-boilerplate PR#1068
  it('carry the same claims whether they come from signup, login or refresh', async () => {
    const user = await signUp(server);
    const login = await logIn(server, user.email);
    const tokens = [user, login, await refreshed(server, login.refreshToken)].map((it) => decodeJwt(it.accessToken));
    const names = tokens.map((claims) => Object.keys(claims).sort());
    expect(names[1]).toEqual(names[0]);
    expect(names[2]).toEqual(names[0]);
    // A refresh proves nothing new about the user: session and time of authentication stay.
    const { sid, sub, auth_time, amr } = tokens[1] ?? {};
    expect(tokens[2]).toMatchObject({ sid, sub, auth_time, amr });
  });
});

describe('signup, login and refresh', () => {
  // @see Ketbome/minepanel PR#252
  it('answer success alike: 200, JSON, one payload type', async () => {
    const { data } = await server.call<{ __schema: { mutationType: { fields: { name: string; type: object }[] } } }>(
      '{ __schema { mutationType { fields { name type { ofType { kind name possibleTypes { name } } } } } } }',
    );
    const members = [{ name: 'AuthPayload' }, { name: 'EmailVerificationRequired' }];
    expect(data?.__schema.mutationType.fields).toEqual(
      expect.arrayContaining([
        { name: 'signup', type: { ofType: { kind: 'UNION', name: 'SignupResult', possibleTypes: members } } },
        { name: 'login', type: { ofType: { kind: 'UNION', name: 'LoginResult', possibleTypes: members } } },
        { name: 'refresh', type: { ofType: { kind: 'OBJECT', name: 'AuthPayload', possibleTypes: null } } },
      ]),
    );
    const user = await signUp(server);
    const answer = await refresh(server, user.refreshToken);
    expect([answer.status, answer.errors]).toEqual([200, []]);
    expect(answer.headers.get('content-type')).toMatch(/json/);
  });

  it('are audited with the session that they opened', async () => {
    const user = await signUp(server);
    const login = await logIn(server, user.email);
    const events = await server.em().find(AuditEvent, { subjectId: user.id }, { orderBy: { id: 'asc' } });
    expect(events.map(({ type, sessionId }) => [type, sessionId])).toEqual([
      ['user.signed_up', user.sessionId],
      ['user.logged_in', login.sessionId],
    ]);
  });
});
