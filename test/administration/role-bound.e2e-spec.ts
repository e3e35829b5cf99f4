import { Role } from '../../src/roles/role.entity.js';
import { MAX_ADDED_ROLES } from '../../src/roles/role-names.js';
import { signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, ask, makeRole, type RoleView, signUpWithPermissions } from './operations.js';

let server: TestServer;
let root: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);
const added = () => server.em().count(Role, { builtIn: false });

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

describe('the roles besides those that are built in', () => {
  it('are so many at most, whoever makes them, and of several at once none is one too many', async () => {
    const manager = await signUpWithPermissions(server, 'roles:write');
    for (let count = await added(); count < MAX_ADDED_ROLES - 1; count++) await makeRole(server);
    const answers = await Promise.all(
      [root, manager, root, manager, root, manager].map((by, index) =>
        as(by).createRole({ name: `at-once-${String(index)}`, permissions: [] }),
      ),
    );
    const refusals = answers.map(refusalOf);
    expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(1);
    expect(refusals.filter((refusal) => refusal === 'CONFLICT')).toHaveLength(5);
    expect(await added()).toBe(MAX_ADDED_ROLES);
  });

  it('that are more already stay: they are listed, changed and deleted, and none is added', async () => {
    const [one, two] = [await makeRole(server), await makeRole(server)];
    const { data } = await ask<RoleView[]>(server, root.accessToken, '{ roles { name } }');
    expect(data?.['roles']).toHaveLength(MAX_ADDED_ROLES + 4);
    expect((await as(root).updateRole({ name: one, permissions: ['users:read'] })).errors).toEqual([]);
    for (const name of [one, two]) {
      expect(refusalOf(await as(root).createRole({ name: 'one-more', permissions: [] }))).toBe('CONFLICT');
      expect((await as(root).deleteRole(name)).errors).toEqual([]);
    }
    expect(refusalOf(await as(root).createRole({ name: 'one-more', permissions: [] }))).toBe('CONFLICT');
    await as(root).deleteRole((await server.em().findOneOrFail(Role, { name: { $like: 'at-once-%' } })).name);
    expect((await as(root).createRole({ name: 'one-more', permissions: [] })).errors).toEqual([]);
  });
});
