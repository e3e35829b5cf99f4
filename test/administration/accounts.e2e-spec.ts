import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { newId } from '../../src/common/ids.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { fieldsOf, tryLogin } from '../accounts/operations.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  refresh,
  refreshed,
  signUp,
  signUpConfirmed,
  signUpWithRoles,
  type TestUser,
  withAccounts,
} from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, makeRole, NOT_ON_ONE_LINE, storedUser } from './operations.js';

let server: TestServer;
let root: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

const eventsAbout = async (subjectId: string, type: string) =>
  (await server.em().find(AuditEvent, { subjectId, type: type as AuditEvent['type'] })).map(
    ({ actorId, ipAddress, details }) => ({ actorId, ipAddress, details }),
  );

describe('createUser', () => {
  it('makes an account that can sign in, and signs nobody in', async () => {
    const email = newEmail();
    const { data, errors } = await as(root).create({
      email: ` ${email.toUpperCase()} `,
      password: PASSWORD,
      name: 'Ada',
    });
    expect(errors).toEqual([]);
    expect(data?.['createUser']).toMatchObject({
      email,
      name: 'Ada',
      emailVerified: false,
      roles: ['user'],
      disabledAt: null,
    });
    const id = data?.['createUser']?.id ?? '';
    expect(await server.em().count(Session, { user: id })).toBe(0);
    expect((await logIn(server, email)).id).toBe(id);
    expect(await eventsAbout(id, 'user.created')).toEqual([
      { actorId: root.id, ipAddress: '127.0.0.1', details: { roles: ['user'] } },
    ]);
  });

  it('without a password makes one whose owner sets it by a link, and nobody signs in before', async () => {
    const email = newEmail();
    const { data } = await as(root).create({ email, emailVerified: true, roles: ['user', 'admin'] });
    expect(data?.['createUser']).toMatchObject({ emailVerified: true, roles: ['admin', 'user'] });
    for (const password of ['', PASSWORD])
      expect(refusalOf(await tryLogin(server, email, password))).toMatch(/^(INVALID_CREDENTIALS|BAD_USER_INPUT)$/);
  });

  it.each([
    [{ email: 'no address' }, 'BAD_USER_INPUT', 'input.email'],
    [{ email: 'a@example.com', password: 'password' }, 'BAD_USER_INPUT/WEAK_PASSWORD', 'input.password'],
    [{ email: 'a@example.com', roles: ['nothing'] }, 'BAD_USER_INPUT', 'roles'],
    [{ email: 'a@example.com', name: 'x'.repeat(201) }, 'BAD_USER_INPUT', 'input.name'],
  ])('refuses %j', async (input, refusal, path) => {
    const answer = await as(root).create(input);
    expect(refusalOf(answer)).toBe(refusal);
    expect(answer.errors[0]?.extensions.fields?.map((field) => field.path)).toEqual([path]);
    expect(await server.em().count(User, { email: 'a@example.com' })).toBe(0);
  });

  it('refuses an address that is taken', async () => {
    expect(refusalOf(await as(root).create({ email: root.email }))).toBe('EMAIL_TAKEN');
  });
});

describe('updateUser', () => {
  it('changes what is named and nothing else', async () => {
    const user = await signUp(server);
    await as(root).update({ id: user.id, name: 'Grace' });
    const { data } = await as(root).update({ id: user.id, emailVerified: true });
    expect(data?.['updateUser']).toMatchObject({ email: user.email, name: 'Grace', emailVerified: true });
    const none = { id: user.id, name: null, email: null, emailVerified: null };
    expect((await as(root).update(none)).data?.['updateUser']).toMatchObject({ name: null, email: user.email });
    expect(await eventsAbout(user.id, 'user.updated')).toEqual([
      { actorId: root.id, ipAddress: '127.0.0.1', details: { fields: ['name'] } },
      { actorId: root.id, ipAddress: '127.0.0.1', details: { fields: ['name'] } },
    ]);
    expect(await eventsAbout(user.id, 'user.email_verified')).toHaveLength(1);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('gives another address, which is not confirmed, and the former one is told without a link', async () => {
    const user = await signUp(server);
    await as(root).update({ id: user.id, emailVerified: true });
    const email = newEmail();
    const { data } = await as(root).update({ id: user.id, email: email.toUpperCase() });
    expect(data?.['updateUser']).toMatchObject({ email, emailVerified: false });
    const mails = await server.em().find(Mail, { userId: user.id });
    expect(mails.map(({ template, recipient }) => [template, recipient])).toEqual([['email-replaced', user.email]]);
    expect((await logIn(server, email)).id).toBe(user.id);
    expect(refusalOf(await tryLogin(server, user.email))).toBe('INVALID_CREDENTIALS');
  });

  it('tells an address that its confirmation was taken away, and no other', async () => {
    const [confirmed, other] = [await signUpConfirmed(server), await signUp(server)];
    for (const { id } of [confirmed, confirmed, other]) await as(root).update({ id, emailVerified: false });
    await as(root).update({ id: confirmed.id, email: newEmail() });
    const mails = await server.em().find(Mail, { userId: { $in: [confirmed.id, other.id] } });
    const told = ['email-unconfirmed', confirmed.email];
    expect(mails.map(({ template, recipient }) => [template, recipient])).toEqual([told]);
  });

  it('refuses an address of another account, and changes nothing', async () => {
    const [one, other] = [await signUp(server), await signUp(server)];
    expect(refusalOf(await as(root).update({ id: one.id, email: other.email, name: 'Thief' }))).toBe('EMAIL_TAKEN');
    expect(await storedUser(server, one.id)).toMatchObject({ email: one.email, name: null });
  });

  it('with the revision of an older look is a CONFLICT, and changes nothing', async () => {
    const user = await signUp(server);
    const seen = (await as(root).user(user.id)).data?.['user']?.revision;
    expect((await as(root).update({ id: user.id, name: 'First' }, seen)).errors).toEqual([]);
    expect(refusalOf(await as(root).update({ id: user.id, name: 'Second' }, seen))).toBe('CONFLICT');
    expect(await storedUser(server, user.id)).toMatchObject({ name: 'First' });
    const now = (await as(root).user(user.id)).data?.['user']?.revision;
    expect((await as(root).update({ id: user.id, name: 'Second', emailVerified: true }, now)).errors).toEqual([]);
    expect(refusalOf(await as(root).setRoles(user.id, ['user', 'admin'], now))).toBe('CONFLICT');
    expect((await storedUser(server, user.id))?.roles.getIdentifiers()).toEqual(['user']);
  });

  it('of many at once for one account never loses one without saying so', async () => {
    const user = await signUp(server);
    const names = Array.from({ length: 12 }, (_, index) => `Name ${String(index)}`);
    const before = (await as(root).user(user.id)).data?.['user']?.revision;
    const answers = await Promise.all(names.map((name) => as(root).update({ id: user.id, name }, before)));
    const done = names.filter((_, index) => answers[index]?.errors.length === 0);
    expect(done).toHaveLength(1);
    expect(new Set(answers.map(refusalOf))).toEqual(new Set([undefined, 'CONFLICT']));
    expect((await storedUser(server, user.id))?.name).toBe(done[0]);
  });
});

const NOT_VISIBLE = { path: 'reason', message: 'must hold visible characters only' };

describe('disableUser', () => {
  it('ends every session at the next request, refuses sign-ins, and says why to administrators', async () => {
    const user = await signUp(server);
    const { data } = await as(root).disable(user.id, 'spam');
    expect(data?.['disableUser']).toMatchObject({ disabledReason: 'spam', disabledAt: expect.any(String) });
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(refusalOf(await tryLogin(server, user.email))).toBe('INVALID_CREDENTIALS');
    expect((await as(root).enable(user.id)).data?.['enableUser']).toMatchObject({
      disabledAt: null,
      disabledReason: null,
    });
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('refuses a reason that is too long', async () => {
    const user = await signUp(server);
    expect(refusalOf(await as(root).disable(user.id, 'x'.repeat(501)))).toBe('BAD_USER_INPUT');
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it.each(NOT_ON_ONE_LINE)('refuses a reason that holds %s, at the command line as well', async (_, reason) => {
    const user = await signUp(server);
    const refused = await as(root).disable(user.id, reason);
    expect([refusalOf(refused), fieldsOf(refused)]).toEqual(['BAD_USER_INPUT', [NOT_VISIBLE]]);
    const byOperator = withAccounts(server, async (accounts) => accounts.disable(user.email, reason));
    await expect(byOperator).rejects.toMatchObject({ code: 'BAD_USER_INPUT', fields: [NOT_VISIBLE] });
    expect(await storedUser(server, user.id)).toMatchObject({ disabledAt: null, disabledReason: null });
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('takes a reason as it is meant: without the blanks around it, and none for blanks alone', async () => {
    const user = await signUp(server);
    const given = async (reason: string) => (await as(root).disable(user.id, reason)).data?.['disableUser'];
    expect(await given('  sp\u00E4m: \u0646\u0645\u06CC\u200C\u062F\u0627\u0646\u0645  ')).toMatchObject({
      disabledReason: 'sp\u00E4m: \u0646\u0645\u06CC\u200C\u062F\u0627\u0646\u0645',
    });
    expect(await given('   ')).toMatchObject({ disabledReason: null });
  });
});

describe('deleteUser', () => {
  it('deletes the account for ever, and tells its owner', async () => {
    const user = await signUpConfirmed(server);
    expect((await as(root).delete(user.id)).data).toEqual({ deleteUser: true });
    expect(await storedUser(server, user.id)).toBeNull();
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await server.em().find(Mail, { recipient: user.email })).map(({ template }) => template)).toEqual([
      'account-deleted',
    ]);
    expect(await eventsAbout(user.id, 'user.deleted')).toEqual([{ actorId: root.id, ipAddress: null, details: null }]);
    expect(refusalOf(await as(root).delete(user.id))).toBe('NOT_FOUND');
  });
});

describe('revokeUserSessions', () => {
  it('ends all sessions of the user, tells how many, and lets them sign in again', async () => {
    const user = await signUp(server);
    await logIn(server, user.email);
    expect((await as(root).revokeSessions(user.id)).data).toEqual({ revokeUserSessions: 2 });
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await as(root).revokeSessions(user.id)).data).toEqual({ revokeUserSessions: 0 });
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });
});

describe('setUserRoles', () => {
  it('counts on the next request, and logs nobody out', async () => {
    const user = await signUp(server);
    const role = await makeRole(server, 'users:read');
    const { data } = await as(root).setRoles(user.id, ['user', role]);
    expect(data?.['setUserRoles']?.roles).toEqual([role, 'user'].sort());
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');
    const next = await refreshed(server, user.refreshToken);
    expect((await as(next).user(root.id)).data?.['user']?.id).toBe(root.id);
  });
});

describe('what does not exist', () => {
  it.each(['nothing', newId()])('is NOT_FOUND by the id %s for everything that administers', async (id) => {
    const admin = as(root);
    const answers = await Promise.all([
      admin.update({ id, name: 'x' }),
      admin.setRoles(id, ['user']),
      admin.disable(id),
      admin.enable(id),
      admin.delete(id),
      admin.revokeSessions(id),
      admin.impersonate(id),
    ]);
    expect(answers.map(refusalOf)).toEqual(answers.map(() => 'NOT_FOUND'));
  });
});

describe('an own account', () => {
  it('is not disabled by its owner, whose session may be in the hands of another', async () => {
    const admin = await signUpWithRoles(server, 'admin');
    expect(refusalOf(await as(admin).disable(admin.id))).toBe('FORBIDDEN');
    expect((await storedUser(server, admin.id))?.disabledAt).toBeNull();
  });
});

describe('the last administrator', () => {
  it('can not be demoted, disabled or deleted; the one before can', async () => {
    const alone = await TestServer.start();
    const first = await signUpWithRoles(alone, 'admin');
    const second = await signUpWithRoles(alone, 'admin');
    const bySecond = administer(alone, second.accessToken);
    expect((await bySecond.disable(first.id)).errors).toEqual([]);
    const answers = [
      await bySecond.disable(second.id),
      await bySecond.setRoles(second.id, ['user']),
      await alone.call(
        'mutation ($password: String!) { deleteAccount(password: $password) }',
        { password: PASSWORD },
        { token: second.accessToken },
      ),
    ];
    expect(answers.map(refusalOf)).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT']);
    expect((await bySecond.user(second.id)).data?.['user']).toMatchObject({
      roles: ['admin', 'user'],
      disabledAt: null,
    });
    await alone.stop();
    // The newest server answers for tokens of its own.
    root = await restart();
  });

  it('stays also when the last two demote each other at once', async () => {
    const alone = await TestServer.start();
    const [first, second] = [await signUpWithRoles(alone, 'admin'), await signUpWithRoles(alone, 'admin')];
    await Promise.all([
      administer(alone, first.accessToken).setRoles(second.id, ['user']),
      administer(alone, second.accessToken).setRoles(first.id, ['user']),
    ]);
    const admins = await alone.em().count(User, { roles: { name: 'admin' } });
    expect(admins).toBe(1);
    await alone.stop();
    root = await restart();
  });
});

async function restart(): Promise<TestUser> {
  await server.stop();
  server = await TestServer.start();
  return signUpWithRoles(server, 'admin');
}
