import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { EntityManager } from '@mikro-orm/core';
import { signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, makeRole, storedUser } from './operations.js';

let server: TestServer;
let root: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);

/** What is done right before a transaction begins, of whichever request it is. */
let beforeTransactions: (() => Promise<unknown>) | undefined;
/** It begins transactions itself. */
let isAtIt = false;

beforeAll(async () => {
  // Nothing begins a transaction but requests.
  server = await TestServer.start({ env: { JOBS_ENABLED: 'false' }, redis: false });
  root = await signUpWithRoles(server, 'admin');
  server.app
    .get<SqlEntityManager>(EntityManager)
    .getEventManager()
    .registerSubscriber({
      beforeTransactionStart: async () => {
        if (isAtIt) return;
        isAtIt = true;
        await beforeTransactions?.();
        isAtIt = false;
      },
    });
});
afterAll(() => server.stop());

/** The outcome of a change during which somebody else does something again and again. */
async function refusalDuring(meanwhile: () => Promise<GraphQLAnswer>, change: () => Promise<GraphQLAnswer>) {
  const others: unknown[] = [];
  beforeTransactions = async () => others.push(refusalOf(await meanwhile()));
  try {
    const refusal = refusalOf(await change());
    expect(others[0]).toBeUndefined();
    expect(others.length).toBeGreaterThan(0);
    return refusal;
  } finally {
    beforeTransactions = undefined;
  }
}

let names = 0;
const rename = (user: TestUser) => () =>
  server.call(
    'mutation ($name: String!) { updateProfile(input: { name: $name }) { id } }',
    { name: `Name ${String(++names)}` },
    { token: user.accessToken },
  );

type Act = (by: ReturnType<typeof administer>, id: string) => Promise<GraphQLAnswer>;

const ACTS: [string, Act][] = [
  ['updateUser', (by, id) => by.update({ id, emailVerified: true })],
  ['setUserRoles', (by, id) => by.setRoles(id, [])],
  ['disableUser', (by, id) => by.disable(id)],
  ['enableUser', (by, id) => by.enable(id)],
  ['revokeUserSessions', (by, id) => by.revokeSessions(id)],
  ['impersonate', (by, id) => by.impersonate(id)],
  ['deleteUser', (by, id) => by.delete(id)],
];

describe('a user who changes their name all the time', () => {
  it.each(ACTS)('does not keep an administrator from %s', async (_, act) => {
    const user = await signUp(server);
    expect(await refusalDuring(rename(user), () => act(as(root), user.id))).toBeUndefined();
  });

  it('nor from changes by the revision that was looked at, unless they are about the name', async () => {
    const user = await signUp(server);
    const seen = async () => (await as(root).user(user.id)).data?.['user']?.revision;
    const during = async (change: (revision?: string) => Promise<GraphQLAnswer>) => {
      const revision = await seen();
      return refusalDuring(rename(user), () => change(revision));
    };
    const refusals = [
      await during((revision) => as(root).update({ id: user.id, emailVerified: true }, revision)),
      await during((revision) => as(root).update({ id: user.id, name: 'Ada' }, revision)),
      await during((revision) => as(root).setRoles(user.id, [], revision)),
    ];
    expect(refusals).toEqual([undefined, 'CONFLICT', undefined]);
    expect((await storedUser(server, user.id))?.name).toBe(`Name ${String(names)}`);
  });
});

it('who changes a role all the time does not keep an administrator from taking its permissions', async () => {
  const role = await makeRole(server, 'roles:write', 'users:read');
  const manager = await signUpWithRoles(server, role);
  const describe = () =>
    as(manager).updateRole({
      name: role,
      permissions: ['roles:write', 'users:read'],
      description: `d${String(++names)}`,
    });
  const change = () => as(root).updateRole({ name: role, permissions: [] });
  expect(await refusalDuring(describe, change)).toBeUndefined();
});
