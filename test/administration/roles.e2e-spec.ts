import { PERMISSIONS } from '../../src/access/permissions.js';
import { Role } from '../../src/roles/role.entity.js';
import { fieldsOf } from '../accounts/operations.js';
import { logIn, newEmail, refreshed, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { statementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';
import {
  administer,
  ask,
  makeRole,
  NOT_ON_ONE_LINE,
  type RoleView,
  signUpWithPermissions,
  storedUser,
} from './operations.js';

let server: TestServer;
let root: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);
const roles = (user: TestUser, fields: string) => ask<RoleView[]>(server, user.accessToken, `{ roles { ${fields} } }`);

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

describe('the roles', () => {
  it('are listed by name, with what they permit and who holds them', async () => {
    const role = await makeRole(server, 'users:read');
    await signUpWithRoles(server, role);
    const { data } = await roles(root, 'name permissions builtIn userCount');
    const listed = data?.['roles'] ?? [];
    expect(listed.map(({ name }) => name)).toEqual(listed.map(({ name }) => name).sort());
    expect(listed.find(({ name }) => name === 'admin')).toEqual({
      name: 'admin',
      permissions: PERMISSIONS,
      builtIn: true,
      userCount: 1,
    });
    expect(listed.find(({ name }) => name === 'user')).toMatchObject({ permissions: [], builtIn: true, userCount: 2 });
    expect(listed.find(({ name }) => name === role)).toEqual({
      name: role,
      permissions: ['users:read'],
      builtIn: false,
      userCount: 1,
    });
  });

  it('cost two statements besides the look at the caller, however many there are', async () => {
    const counts = [];
    for (const more of [0, 20]) {
      for (let index = 0; index < more; index++) await makeRole(server);
      counts.push((await statementsOf(server, () => roles(root, 'name userCount'))).length);
    }
    expect(counts[0]).toBe(counts[1]);
  });

  it('are made once, with permissions that exist and a name that fits', async () => {
    const input = {
      name: 'support',
      description: 'Helps people',
      permissions: ['users:read', 'audit:read', 'users:read'],
    };
    const { data } = await as(root).createRole(input);
    expect(data?.['createRole']).toEqual({
      name: 'support',
      description: 'Helps people',
      permissions: ['audit:read', 'users:read'],
      builtIn: false,
      userCount: 0,
      revision: expect.any(String),
    });
    expect(refusalOf(await as(root).createRole(input))).toBe('CONFLICT');
    expect(refusalOf(await as(root).createRole({ name: 'other', permissions: ['users:fly'] }))).toBe('BAD_USER_INPUT');
    for (const name of ['', 'Upper', 'with space', '1digit', 'x'.repeat(65), 'nul\0']) {
      expect(refusalOf(await as(root).createRole({ name, permissions: [] }))).toBe('BAD_USER_INPUT');
    }
    expect(await server.em().count(Role, { name: 'other' })).toBe(0);
  });

  it('permit something else from the next request of their holders on, without a new token', async () => {
    const holder = await signUpWithPermissions(server, 'users:read');
    const [role = ''] =
      (await storedUser(server, holder.id))?.roles.getIdentifiers().filter((name) => name !== 'user') ?? [];
    expect((await as(holder).user(root.id)).errors).toEqual([]);
    expect((await as(root).updateRole({ name: role, permissions: ['audit:read'] })).errors).toEqual([]);
    expect(refusalOf(await as(holder).user(root.id))).toBe('FORBIDDEN');
    expect((await ask(server, holder.accessToken, '{ auditEvents(first: 1) { nodes { id } } }')).errors).toEqual([]);
  });

  it.each(NOT_ON_ONE_LINE)('have no description that holds %s', async (what, description) => {
    const refused = { path: 'input.description', message: 'must hold visible characters only' };
    const name = `hidden-${what.replaceAll(' ', '-').toLowerCase()}`;
    const made = await as(root).createRole({ name, description, permissions: [] });
    expect([refusalOf(made), fieldsOf(made)]).toEqual(['BAD_USER_INPUT', [refused]]);
    expect(await server.em().count(Role, { name })).toBe(0);
    await as(root).createRole({ name, description: 'As it was', permissions: [] });
    const changed = await as(root).updateRole({ name, description, permissions: ['users:read'] });
    expect([refusalOf(changed), fieldsOf(changed)]).toEqual(['BAD_USER_INPUT', [refused]]);
    expect(await server.em().findOneOrFail(Role, name)).toMatchObject({ description: 'As it was', permissions: [] });
    const blank = await as(root).updateRole({ name, description: '  ', permissions: [] });
    expect(blank.data?.['updateRole']).toMatchObject({ description: null });
  });

  it('keep their description unless another is given', async () => {
    await as(root).createRole({ name: 'described', description: 'As it was', permissions: [] });
    const kept = await as(root).updateRole({ name: 'described', permissions: ['users:read'] });
    expect(kept.data?.['updateRole']).toMatchObject({ description: 'As it was', permissions: ['users:read'] });
    const cleared = await as(root).updateRole({ name: 'described', description: null, permissions: [] });
    expect(cleared.data?.['updateRole']).toMatchObject({ description: null, permissions: [] });
  });

  it('of an older look are not overwritten: CONFLICT', async () => {
    const role = await makeRole(server);
    const seen = (await roles(root, 'name revision')).data?.['roles']?.find(({ name }) => name === role)?.revision;
    expect((await as(root).updateRole({ name: role, permissions: ['users:read'] }, seen)).errors).toEqual([]);
    expect(refusalOf(await as(root).updateRole({ name: role, permissions: ['keys:read'] }, seen))).toBe('CONFLICT');
    expect((await server.em().findOneOrFail(Role, role)).permissions).toEqual(['users:read']);
  });

  it('that are built in are not deleted, and admin is not changed; user may be given permissions', async () => {
    const answers = [
      await as(root).deleteRole('admin', 'user'),
      await as(root).deleteRole('user', 'admin'),
      await as(root).updateRole({ name: 'admin', permissions: [] }),
    ];
    expect(answers.map(refusalOf)).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT']);
    expect((await as(root).updateRole({ name: 'user', permissions: ['roles:read'] })).errors).toEqual([]);
    expect((await roles(await signUp(server), 'name')).errors).toEqual([]);
    expect((await as(root).updateRole({ name: 'user', permissions: [] })).errors).toEqual([]);
  });
});

describe('the roles of a user fit into a token, and so into a cookie', () => {
  const many = (count: number, length: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const name = `r${String(index)}`.padEnd(length, 'x');
        if ((await server.em().count(Role, { name })) === 0) await as(root).createRole({ name, permissions: [] });
        return name;
      }),
    );

  it.each([
    [20, 50, true],
    [21, 5, false],
    [16, 64, false],
  ])('%i roles with names of %i characters: %s', async (count, length, isFit) => {
    const names = await many(count, length);
    const user = await signUp(server);
    const answers = [
      await as(root).setRoles(user.id, names),
      await as(root).create({ email: newEmail(), roles: names }),
    ];
    expect(answers.map(refusalOf)).toEqual(answers.map(() => (isFit ? undefined : 'BAD_USER_INPUT')));
    expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual(isFit ? names.sort() : ['user']);
    if (isFit) expect((await logIn(server, user.email)).accessToken.length).toBeLessThan(3_500);
  });

  it('who has more can be taken some, and a replacement leaves nobody with more', async () => {
    const names = await many(16, 64);
    const [last = '', ...others] = names;
    const user = await signUp(server);
    for (const name of names)
      await server.em().execute('insert into user_roles (user_id, role_name) values (?, ?)', [user.id, name]);
    expect((await as(root).setRoles(user.id, others)).errors).toEqual([]);
    const short = await makeRole(server);
    const filled = [...others.slice(0, 14), await makeRole(server), short];
    expect((await as(root).setRoles(user.id, filled)).errors).toEqual([]);
    expect(refusalOf(await as(root).deleteRole(short, last))).toBe('BAD_USER_INPUT');
    expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual(filled.sort());
  });

  it('a replacement leaves nobody with more of them either, however short their names are', async () => {
    const names = await many(21, 5);
    const user = await signUp(server);
    await server.em().execute('delete from user_roles where user_id = ?', [user.id]);
    for (const name of names)
      await server.em().execute('insert into user_roles (user_id, role_name) values (?, ?)', [user.id, name]);
    expect(refusalOf(await as(root).deleteRole(names[0] ?? '', 'user'))).toBe('BAD_USER_INPUT');
    expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual(names.sort());
  });
});

describe('deleting a role', () => {
  it('that nobody holds takes nothing else; what is not there is NOT_FOUND', async () => {
    const role = await makeRole(server);
    expect((await as(root).deleteRole(role)).data).toEqual({ deleteRole: true });
    expect(refusalOf(await as(root).deleteRole(role))).toBe('NOT_FOUND');
  });

  it('that is held is refused, unless a replacement is named, which its holders have at once', async () => {
    const [old, next] = [await makeRole(server, 'users:read'), await makeRole(server, 'audit:read')];
    const [one, both] = [await signUpWithRoles(server, old), await signUpWithRoles(server, old, next)];
    expect(refusalOf(await as(root).deleteRole(old))).toBe('CONFLICT');
    expect(refusalOf(await as(root).deleteRole(old, old))).toBe('BAD_USER_INPUT');
    expect(refusalOf(await as(root).deleteRole(old, 'nothing'))).toBe('NOT_FOUND');
    expect(await server.em().count(Role, { name: old })).toBe(1);
    expect((await as(root).deleteRole(old, next)).data).toEqual({ deleteRole: true });
    for (const user of [one, both]) {
      expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');
      const again = await refreshed(server, user.refreshToken);
      expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual([next, 'user'].sort());
      expect((await ask(server, again.accessToken, '{ auditEvents(first: 1) { nodes { id } } }')).errors).toEqual([]);
    }
  });

  it('and giving it to somebody at once end in one of the two, and in no fault', async () => {
    for (let round = 0; round < 5; round++) {
      const role = await makeRole(server);
      const user = await signUp(server);
      const [deleted, given] = await Promise.all([
        as(root).deleteRole(role),
        as(root).setRoles(user.id, ['user', role]),
      ]);
      const isGiven = given.errors.length === 0;
      expect([refusalOf(deleted), refusalOf(given)]).toEqual(
        isGiven ? ['CONFLICT', undefined] : [undefined, 'BAD_USER_INPUT'],
      );
      expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual(
        isGiven ? [role, 'user'].sort() : ['user'],
      );
    }
  });
});
