import { decodeJwt } from 'jose';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { fieldsOf } from '../accounts/operations.js';
import {
  logIn,
  PASSWORD,
  refresh,
  refreshed,
  signUp,
  signUpWithRoles,
  type TestUser,
  withAccounts,
} from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, ask, type Impersonation, makeRole, NOT_ON_ONE_LINE, signUpWithPermissions } from './operations.js';

const HOUR = 3_600;

let server: TestServer;
let root: TestUser;
const as = (user: { accessToken: string }) => administer(server, user.accessToken);

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

async function actAs(user: TestUser, who = root): Promise<Impersonation> {
  const { data, errors } = await as(who).impersonate(user.id);
  expect(errors).toEqual([]);
  return data?.['impersonate'] as Impersonation;
}

const mySessions = (token: string) =>
  ask<{ id: string; impersonated: boolean }[]>(server, token, '{ mySessions { id impersonated } }');

describe('impersonation', () => {
  it('opens a session of its own as the user, which says who acts (RFC 8693)', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    expect(acting).toMatchObject({ user: { id: user.id }, session: { impersonated: true, current: true } });
    expect(decodeJwt(acting.accessToken)).toMatchObject({
      sub: user.id,
      sid: acting.session.id,
      act: { sub: root.id },
    });
    expect(await whoAmI(server, acting.accessToken)).toBe(user.id);
    expect(decodeJwt(user.accessToken)).not.toHaveProperty('act');
    expect(await whoAmI(server, root.accessToken)).toBe(root.id);
  });

  it('is marked in what the user sees of it, and can be ended by them', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    expect((await mySessions(user.accessToken)).data?.['mySessions']).toEqual(
      expect.arrayContaining([
        { id: acting.session.id, impersonated: true },
        { id: user.sessionId, impersonated: false },
      ]),
    );
    const own = await ask<{ nodes: object[] }>(
      server,
      user.accessToken,
      '{ myAuditEvents(first: 1) { nodes { type actorId ipAddress details } } }',
    );
    expect(own.data?.['myAuditEvents']?.nodes).toEqual([
      { type: 'user.impersonated', actorId: root.id, ipAddress: null, details: { reason: 'ticket 4711' } },
    ]);
    await server.call(
      'mutation ($id: ID!) { revokeSession(id: $id) }',
      { id: acting.session.id },
      { token: user.accessToken },
    );
    expect(await whoAmI(server, acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
  });

  it('names who acts to those who may read users', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    const { data } = await server.call<{ user: { sessions: object[] } }>(
      'query ($id: ID!) { user(id: $id) { sessions { id impersonatedBy } } }',
      { id: user.id },
      { token: root.accessToken },
    );
    expect(data?.user.sessions).toContainEqual({ id: acting.session.id, impersonatedBy: root.id });
    expect(data?.user.sessions).toContainEqual({ id: user.sessionId, impersonatedBy: null });
  });

  it('tells the user nothing of the device that acts, and tells it to those who may read users', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    const [mine, theirs] = ['{ me { sessions { FIELDS } } }', '{ mySessions { FIELDS } }'].map((it) =>
      it.replace('FIELDS', 'id ipAddress userAgent device'),
    );
    const seen = async (token: string, id = acting.session.id) => {
      const { data } = await server.call<{ mySessions: { id: string }[] }>(theirs ?? '', {}, { token });
      return data?.mySessions.find((session) => session.id === id);
    };
    const hidden = { ipAddress: null, userAgent: null, device: null };
    expect(await seen(user.accessToken)).toEqual({ id: acting.session.id, ...hidden });
    expect(await seen(user.accessToken, user.sessionId)).toMatchObject({ ipAddress: '127.0.0.1' });
    expect(await seen(acting.accessToken)).toMatchObject({ ipAddress: '127.0.0.1' });
    // Without the permission, `me` shows no sessions at all.
    expect(refusalOf(await server.call(mine ?? '', {}, { token: user.accessToken }))).toBe('FORBIDDEN');
    const { data } = await server.call<{ user: { sessions: object[] } }>(
      'query ($id: ID!) { user(id: $id) { sessions { id ipAddress } } }',
      { id: user.id },
      { token: root.accessToken },
    );
    expect(data?.user.sessions).toContainEqual({ id: acting.session.id, ipAddress: '127.0.0.1' });
  });

  it('ends an hour after its beginning, however often it is refreshed', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    const end = new Date(acting.refreshExpiresAt).getTime();
    expect(end - server.clock.now().getTime()).toBeLessThanOrEqual(HOUR * 1000);
    server.clock.advance(HOUR / 2);
    const next = await refreshed(server, acting.refreshToken);
    expect(decodeJwt(next.accessToken)).toMatchObject({ act: { sub: root.id } });
    expect(decodeJwt(next.accessToken).exp).toBeLessThanOrEqual(end / 1000);
    server.clock.advance(HOUR / 2);
    expect(refusalOf(await refresh(server, next.refreshToken))).toBe('UNAUTHENTICATED/SESSION_EXPIRED');
    expect(await whoAmI(server, next.accessToken)).toMatch(/^UNAUTHENTICATED\/(TOKEN|SESSION)_EXPIRED$/);
    root = await logIn(server, root.email);
  });

  it('is audited with its reason, and what is done in it with who did it', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    await server.call(
      'mutation { updateProfile(input: { name: "Helped" }) { id } }',
      {},
      { token: acting.accessToken },
    );
    await server.call('{ users { totalCount } }', {}, { token: acting.accessToken });
    await server.call('mutation { logout }', {}, { token: acting.accessToken });
    const events = await server.em().find(AuditEvent, { sessionId: acting.session.id }, { orderBy: { id: 'asc' } });
    expect(events.map(({ type, actorId, subjectId }) => ({ type, actorId, subjectId }))).toEqual(
      ['user.impersonated', 'user.profile_updated', 'access.refused', 'user.logged_out'].map((type) => ({
        type,
        actorId: root.id,
        subjectId: user.id,
      })),
    );
  });

  it('is no sign-in of the user: it is not their last login, takes no place of theirs, and makes no device known', async () => {
    const user = await signUp(server);
    const before = (await server.em().findOneOrFail(User, user.id)).lastLoginAt;
    const acting = await actAs(user);
    expect((await server.em().findOneOrFail(User, user.id)).lastLoginAt).toEqual(before);
    const answer = await server.call(
      'mutation ($userId: ID!) { impersonate(userId: $userId, reason: "x") { expiresIn } }',
      { userId: user.id },
      { token: root.accessToken },
    );
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect((await server.em().findOneOrFail(Session, acting.session.id)).impersonatorId).toBe(root.id);
  });
});

describe('an administrator acts as a user in one session at a time', () => {
  let admin: TestUser;
  beforeAll(async () => {
    admin = await signUpWithRoles(server, 'admin');
  });
  const liveOf = (user: TestUser) =>
    server.em().count(Session, { user: user.id, revokedAt: null, impersonatorId: { $ne: null } });

  it('and another one ends the former, from whichever session of theirs it was opened', async () => {
    const user = await signUp(server);
    const former = await actAs(user, admin);
    const acting = await actAs(user, await logIn(server, admin.email));
    expect(await whoAmI(server, former.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, former.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await server.em().findOne(Session, former.session.id)).toMatchObject({ revokedReason: 'impersonator_left' });
    expect(await whoAmI(server, acting.accessToken)).toBe(user.id);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('also when several begin at once', async () => {
    const user = await signUp(server);
    await Promise.all(Array.from({ length: 4 }, () => as(admin).impersonate(user.id)));
    expect(await liveOf(user)).toBe(1);
  });

  it('and neither as another user nor another administrator is concerned', async () => {
    const [user, other] = [await signUp(server), await signUp(server)];
    const helper = await signUpWithPermissions(server, 'users:impersonate');
    const before = [await actAs(user, helper), await actAs(other, admin)];
    await actAs(user, admin);
    for (const acting of before) expect(await whoAmI(server, acting.accessToken)).toBe(acting.user.id);
    expect(await liveOf(user)).toBe(2);
  });

  it('and one that is refused ends nothing', async () => {
    const user = await signUp(server);
    const acting = await actAs(user, admin);
    expect(refusalOf(await as(admin).impersonate(user.id, ' '))).toBe('BAD_USER_INPUT');
    expect(await whoAmI(server, acting.accessToken)).toBe(user.id);
  });
});

describe('impersonation is refused', () => {
  it('for administrators, for oneself, and for a reason that says nothing', async () => {
    const other = await signUpWithRoles(server, 'admin');
    const user = await signUp(server);
    expect(refusalOf(await as(root).impersonate(other.id))).toBe('FORBIDDEN');
    expect(refusalOf(await as(root).impersonate(root.id))).toBe('FORBIDDEN');
    for (const reason of ['', '   ', 'x'.repeat(501)]) {
      expect(refusalOf(await as(root).impersonate(user.id, reason))).toBe('BAD_USER_INPUT');
    }
    expect(await server.em().count(Session, { impersonatorId: root.id, user: { $in: [other.id, user.id] } })).toBe(0);
  });

  it.each(NOT_ON_ONE_LINE)('for a reason that holds %s', async (_, reason) => {
    const user = await signUp(server);
    const refused = await as(root).impersonate(user.id, reason);
    expect([refusalOf(refused), fieldsOf(refused)]).toEqual([
      'BAD_USER_INPUT',
      [{ path: 'reason', message: 'must hold visible characters only' }],
    ]);
    expect(await server.em().count(Session, { impersonatorId: root.id, user: user.id })).toBe(0);
  });

  it('for a disabled account', async () => {
    const user = await signUp(server);
    await as(root).disable(user.id);
    expect(refusalOf(await as(root).impersonate(user.id))).toBe('CONFLICT');
  });

  it('from within an impersonation', async () => {
    const helper = await signUpWithPermissions(server, 'users:impersonate');
    const user = await signUp(server);
    const acting = await actAs(helper);
    expect(refusalOf(await as(acting).impersonate(user.id))).toBe('FORBIDDEN');
  });

  it.each([
    [
      'changePassword',
      `mutation { changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "an entirely different phrase" }) }`,
    ],
    [
      'changePassword without the password',
      'mutation { changePassword(input: { currentPassword: "", newPassword: "an entirely different phrase" }) }',
    ],
    [
      'requestEmailChange',
      `mutation { requestEmailChange(input: { newEmail: "new@example.com", password: "${PASSWORD}" }) }`,
    ],
    ['deleteAccount', `mutation { deleteAccount(password: "${PASSWORD}") }`],
    ['revokeOtherSessions', 'mutation { revokeOtherSessions }'],
  ])('what only the user may do: %s', async (_, document) => {
    const user = await signUp(server);
    const acting = await actAs(user);
    expect(refusalOf(await server.call(document, {}, { token: acting.accessToken }))).toBe('FORBIDDEN');
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('to end the sessions of the user by logging out everywhere', async () => {
    const user = await signUp(server);
    const acting = await actAs(user);
    await server.call('mutation { logout(input: { everywhere: true }) }', {}, { token: acting.accessToken });
    expect(await whoAmI(server, acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

describe('impersonation goes on only as long as it could begin', () => {
  /** A helper who acts as a user, and holds what the user holds. */
  interface Acted {
    helper: TestUser;
    helpersRole: string;
    user: TestUser;
    usersRole: string;
    acting: Impersonation;
  }

  async function acted(): Promise<Acted> {
    const helpersRole = await makeRole(server, 'users:impersonate', 'users:read', 'users:write');
    const usersRole = await makeRole(server, 'users:read');
    const helper = await signUpWithRoles(server, helpersRole, usersRole);
    const user = await signUpWithRoles(server, usersRole);
    return { helper, helpersRole, user, usersRole, acting: await actAs(user, helper) };
  }

  const setRoles = async (user: TestUser, ...roles: string[]) => as(root).setRoles(user.id, ['user', ...roles]);
  const permit = (name: string, ...permissions: string[]) => as(root).updateRole({ name, permissions });

  const changes: [string, (on: Acted) => Promise<unknown>][] = [
    ['the user becomes an administrator', ({ user }) => setRoles(user, 'admin')],
    [
      'the user receives a role that the helper does not hold',
      async ({ user }) => setRoles(user, await makeRole(server)),
    ],
    [
      'the role of the user is replaced by one that the helper does not hold',
      async ({ helper, helpersRole, usersRole }) => {
        await setRoles(helper, helpersRole, usersRole, await makeRole(server));
        return as(root).deleteRole(usersRole, 'admin');
      },
    ],
    ['the helper loses a role of the user', ({ helper, helpersRole }) => setRoles(helper, helpersRole)],
    ['the helper loses the role that permits it', ({ helper, usersRole }) => setRoles(helper, usersRole)],
    ['the role of the helper permits it no more', ({ helpersRole }) => permit(helpersRole, 'users:read')],
    ['the role of the helper is replaced', ({ helpersRole }) => as(root).deleteRole(helpersRole, 'user')],
    [
      'an operator makes the user an administrator',
      ({ user }) => withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user', 'admin'])),
    ],
  ];

  it.each(changes)('and ends when %s', async (_, change) => {
    const on = await acted();
    await change(on);
    expect(await whoAmI(server, on.acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, on.acting.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await server.em().findOne(Session, on.acting.session.id)).toMatchObject({ revokedReason: 'rights_changed' });
    expect((await refreshed(server, on.user.refreshToken)).id).toBe(on.user.id);
  });

  it('goes on, with the roles of now, after a change that takes nothing from the helper and leaves the user within', async () => {
    const { user, helper, helpersRole, usersRole, acting } = await acted();
    await setRoles(user);
    expect(await whoAmI(server, acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');
    const next = await refreshed(server, acting.refreshToken);
    expect(decodeJwt(next.accessToken)).toMatchObject({ roles: ['user'], act: { sub: helper.id } });
    await setRoles(helper, helpersRole, usersRole, await makeRole(server));
    expect(await whoAmI(server, next.accessToken)).toBe(user.id);
  });

  /** By rows that were changed past the API, which ends nothing. */
  it.each<[string, (on: Acted) => string]>([
    [
      'the one who acts may it no more',
      ({ helpersRole }) => `update roles set permissions = '[]' where name = '${helpersRole}'`,
    ],
    [
      'the one who acts is disabled',
      ({ helper }) => `update users set disabled_at = created_at where id = '${helper.id}'`,
    ],
    [
      'the user has got beyond',
      ({ user }) => `insert into user_roles (user_id, role_name) values ('${user.id}', 'admin')`,
    ],
  ])('which is asked at each request and at each refresh: %s', async (_, statement) => {
    const on = await acted();
    await server.em().execute(statement(on));
    expect(await whoAmI(server, on.acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, on.acting.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await server.em().findOne(Session, on.acting.session.id)).toMatchObject({ revokedReason: 'rights_changed' });
  });
});

describe('impersonation ends at once', () => {
  const helper = () => signUpWithPermissions(server, 'users:impersonate', 'users:read');
  const ends: [string, (who: TestUser) => Promise<unknown>][] = [
    ['logs out', (who) => server.call('mutation { logout }', {}, { token: who.accessToken })],
    ['is disabled', (who) => as(root).disable(who.id)],
    ['is deleted', (who) => as(root).delete(who.id)],
    ['loses the role', (who) => as(root).setRoles(who.id, ['user'])],
    ['has all sessions ended', (who) => as(root).revokeSessions(who.id)],
    [
      'holds a role that permits it no more',
      async (who) => {
        const user = await server.em().findOneOrFail(User, who.id, { populate: ['roles'] });
        const [name = ''] = user.roles.getIdentifiers().filter((role) => role !== 'user');
        return as(root).updateRole({ name, permissions: ['users:read'] });
      },
    ],
    [
      'holds a role that is replaced',
      async (who) => {
        const user = await server.em().findOneOrFail(User, who.id, { populate: ['roles'] });
        const [name = ''] = user.roles.getIdentifiers().filter((role) => role !== 'user');
        return as(root).deleteRole(name, await makeRole(server));
      },
    ],
  ];

  it.each(ends)('when the one who acts %s', async (_, end) => {
    const who = await helper();
    const user = await signUp(server);
    const acting = await actAs(user, who);
    await end(who);
    expect(await whoAmI(server, acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, acting.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('when the one who acts is disabled after their own session has ended by itself', async () => {
    const who = await helper();
    const user = await signUp(server);
    const acting = await actAs(user, who);
    await server.em().nativeUpdate(Session, { id: who.sessionId }, { expiresAt: new Date(0) });
    await as(root).disable(who.id);
    expect(refusalOf(await refresh(server, acting.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
  });

  it('at its next refresh when the session that opened it has ended by itself', async () => {
    const who = await helper();
    const acting = await actAs(await signUp(server), who);
    await server.em().nativeUpdate(Session, { id: who.sessionId }, { expiresAt: new Date(0) });
    expect(refusalOf(await refresh(server, acting.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await whoAmI(server, acting.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
  });

  it('when the session that opened it is ended from another, and stays with the others', async () => {
    const who = await helper();
    const elsewhere = await logIn(server, who.email);
    const [one, two] = [await actAs(await signUp(server), who), await actAs(await signUp(server), elsewhere)];
    await server.call('mutation { revokeOtherSessions }', {}, { token: elsewhere.accessToken });
    expect(await whoAmI(server, one.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(await whoAmI(server, two.accessToken)).toBe(two.user.id);
  });
});
