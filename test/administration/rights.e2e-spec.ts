import { newEmail, refreshed, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { User } from '../../src/users/user.entity.js';
import { administer, makeRole, signUpWithPermissions, storedUser } from './operations.js';

/** Everything that administers accounts and roles, and nothing that the name does not say. */
const HELPER = [
  'users:read',
  'users:write',
  'users:delete',
  'users:impersonate',
  'roles:assign',
  'roles:read',
  'roles:write',
  'sessions:revoke',
];

let server: TestServer;
let root: TestUser;
let helper: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
  helper = await signUpWithPermissions(server, ...HELPER);
});
afterAll(() => server.stop());

const rolesOf = async (id: string) => (await storedUser(server, id))?.roles.getIdentifiers().sort();
const ownRoleOf = async ({ id }: TestUser) => (await rolesOf(id))?.find((name) => name !== 'user');

/** @see OWASP API5:2023, GHSA-jpq8-82xw-j8rq */
describe('nobody gets further than they are', () => {
  it('by acting on an account that may more', async () => {
    const auditor = await signUpWithPermissions(server, 'audit:read');
    for (const target of [root, auditor]) {
      const before = await storedUser(server, target.id);
      const answers = await Promise.all([
        as(helper).update({ id: target.id, email: newEmail() }),
        as(helper).setRoles(target.id, ['user']),
        as(helper).disable(target.id),
        as(helper).enable(target.id),
        as(helper).delete(target.id),
        as(helper).revokeSessions(target.id),
        as(helper).impersonate(target.id),
      ]);
      expect(answers.map(refusalOf)).toEqual(answers.map(() => 'FORBIDDEN'));
      expect(await whoAmI(server, target.accessToken)).toBe(target.id);
      expect(await storedUser(server, target.id)).toMatchObject({ email: before?.email, disabledAt: null });
    }
  });

  it('by giving a role that may more, to another or to a new account', async () => {
    const strong = await makeRole(server, 'users:read', 'keys:rotate');
    const user = await signUp(server);
    for (const role of ['admin', strong]) {
      expect(refusalOf(await as(helper).setRoles(user.id, ['user', role]))).toBe('FORBIDDEN');
      const email = newEmail();
      expect(refusalOf(await as(helper).create({ email, roles: [role] }))).toBe('FORBIDDEN');
      expect(await server.em().count(User, { email })).toBe(0);
    }
    expect(await rolesOf(user.id)).toEqual(['user']);
  });

  it('by giving themselves a role, whatever it permits; taking one from themselves is their right', async () => {
    const harmless = await makeRole(server);
    const own = await rolesOf(helper.id);
    expect(refusalOf(await as(helper).setRoles(helper.id, [...(own ?? []), harmless]))).toBe('FORBIDDEN');
    expect(await rolesOf(helper.id)).toEqual(own);
    const passing = await signUpWithPermissions(server, ...HELPER);
    expect((await as(passing).setRoles(passing.id, ['user'])).errors).toEqual([]);
    expect((await as(root).setRoles(root.id, ['user', 'admin', harmless])).errors).toEqual([]);
    root = await refreshed(server, root.refreshToken);
  });

  it('by making or changing a role that may more', async () => {
    const strong = await makeRole(server, 'keys:rotate');
    const weak = await makeRole(server, 'users:read');
    const answers = [
      await as(helper).createRole({ name: 'climber', permissions: ['users:read', 'audit:read'] }),
      await as(helper).updateRole({ name: weak, permissions: ['audit:read'] }),
      await as(helper).updateRole({ name: strong, permissions: [] }),
      await as(helper).deleteRole(strong),
    ];
    expect(answers.map(refusalOf)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
    expect((await as(helper).updateRole({ name: weak, permissions: ['users:read', 'users:write'] })).errors).toEqual(
      [],
    );
  });

  it('by replacing a role of their own with another one, whatever it permits', async () => {
    const passing = await signUpWithPermissions(server, ...HELPER);
    const [own = ''] = ((await rolesOf(passing.id)) ?? []).filter((name) => name !== 'user');
    const harmless = await makeRole(server);
    expect(refusalOf(await as(passing).deleteRole(own, harmless))).toBe('FORBIDDEN');
    expect(await rolesOf(passing.id)).toEqual([own, 'user'].sort());
    expect((await as(passing).deleteRole(own, 'user')).errors).toEqual([]);
  });

  it('by replacing a role with one that may more, or without the permission to assign', async () => {
    const held = await makeRole(server, 'users:read');
    const holder = await signUpWithRoles(server, held);
    const writer = await signUpWithRoles(server, held, await makeRole(server, 'roles:write', 'users:read'));
    expect(refusalOf(await as(helper).deleteRole(held, 'admin'))).toBe('FORBIDDEN');
    expect(refusalOf(await as(writer).deleteRole(held, 'user'))).toBe('FORBIDDEN');
    expect(await rolesOf(holder.id)).toEqual([held, 'user'].sort());
  });

  it('and within that they administer', async () => {
    const role = (await ownRoleOf(helper)) ?? '';
    const user = await signUp(server);
    const answers = [
      await as(helper).setRoles(user.id, ['user', role]),
      await as(helper).update({ id: user.id, name: 'Ada' }),
      await as(helper).disable(user.id, 'gone'),
      await as(helper).enable(user.id),
      await as(helper).delete(user.id),
      await as(helper).create({ email: newEmail(), roles: ['user'] }),
      await as(helper).createRole({ name: 'helped', permissions: ['users:read'] }),
    ];
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  });
});

/** What other services authorise by. */
describe('the name of a role is a right', () => {
  let role: string;
  let holder: TestUser;

  beforeEach(async () => {
    role = await makeRole(server);
    holder = await signUpWithRoles(server, role);
  });

  it('nobody acts on, or as, an account that holds a role which they do not hold', async () => {
    const answers = [
      await as(helper).update({ id: holder.id, email: newEmail() }),
      await as(helper).setRoles(holder.id, ['user']),
      await as(helper).disable(holder.id),
      await as(helper).enable(holder.id),
      await as(helper).revokeSessions(holder.id),
      await as(helper).impersonate(holder.id),
      await as(helper).delete(holder.id),
    ];
    expect(answers.map(refusalOf)).toEqual(answers.map(() => 'FORBIDDEN'));
    expect(await storedUser(server, holder.id)).toMatchObject({ email: holder.email, disabledAt: null });
    expect(await rolesOf(holder.id)).toEqual([role, 'user'].sort());
    expect(await whoAmI(server, holder.accessToken)).toBe(holder.id);
  });

  it('nobody gives a role that they do not hold: to an account, to a new one, or in place of another', async () => {
    const [user, email] = [await signUp(server), newEmail()];
    const answers = [
      await as(helper).setRoles(user.id, ['user', role]),
      await as(helper).create({ email, roles: ['user', role] }),
      await as(helper).deleteRole((await ownRoleOf(helper)) ?? '', role),
      await as(helper).deleteRole(role, 'user'),
    ];
    expect(answers.map(refusalOf)).toEqual(answers.map(() => 'FORBIDDEN'));
    expect([await rolesOf(user.id), await rolesOf(holder.id)]).toEqual([['user'], [role, 'user'].sort()]);
    expect(await server.em().count(User, { email })).toBe(0);
  });

  it('whoever holds it may, and an administrator holds every one', async () => {
    const colleague = await signUpWithRoles(server, role, (await ownRoleOf(helper)) ?? '');
    const user = await signUp(server);
    for (const giver of [colleague, root]) {
      expect((await as(giver).update({ id: holder.id, name: 'Ada' })).errors).toEqual([]);
      expect((await as(giver).setRoles(user.id, ['user', role])).errors).toEqual([]);
      expect((await as(giver).impersonate(user.id)).errors).toEqual([]);
      expect((await as(giver).setRoles(user.id, ['user'])).errors).toEqual([]);
    }
  });
});

describe('roles for a new account', () => {
  it('take the permission to assign them', async () => {
    const maker = await signUpWithPermissions(server, 'users:write', 'users:read');
    const role = await makeRole(server);
    expect(refusalOf(await as(maker).create({ email: newEmail(), roles: [role] }))).toBe('FORBIDDEN');
    expect((await as(maker).create({ email: newEmail(), roles: ['user'] })).errors).toEqual([]);
  });
});
