import { LockMode } from '@mikro-orm/core';
import { Role } from '../../src/roles/role.entity.js';
import { MAX_ADDED_ROLES } from '../../src/roles/role-names.js';
import { signUpWithRoles, type TestUser } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
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

// On SQLite one transaction follows the other.
const onPostgres = testEngine === 'postgres' ? it : it.skip;

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

  onPostgres('are counted together with the one that another transaction is just making', async () => {
    await server.em().nativeDelete(Role, { name: { $like: 'at-once-%' } });
    const isWaiting = async () => {
      const query = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return (await server.em().execute<object[]>(query)).length > 0;
    };
    const late = await server.em().transactional(async (em) => {
      await em.findOneOrFail(Role, { name: 'admin' }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      await em.insert(Role, { name: 'at-once-first', permissions: [], builtIn: false, createdAt: new Date() });
      let isAnswered = false;
      const answer = as(root)
        .createRole({ name: 'at-once-late', permissions: [] })
        .finally(() => (isAnswered = true));
      await eventually('it waits, or is answered', async () => isAnswered || (await isWaiting()));
      return { answer };
    });
    expect(refusalOf(await late.answer)).toBe('CONFLICT');
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
