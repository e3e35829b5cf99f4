import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Mutation, Resolver } from '@nestjs/graphql';
import { Module } from '@nestjs/common';
import { buildSchema } from 'graphql';
import { Permissions } from '../../src/access/access.decorators.js';
import { PERMISSIONS } from '../../src/access/permissions.js';
import { logIn, newEmail, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { gateOf, GateModule } from '../support/gate.module.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, makeRole } from './operations.js';

/** A mutation of a fork, which looks at nothing itself. */
@Resolver()
class ForkResolver {
  @Mutation(() => Boolean)
  @Permissions('audit:read')
  forkAction(): boolean {
    return true;
  }
}

@Module({ providers: [ForkResolver] })
class ForkModule {}

let server: TestServer;
let root: TestUser;
const as = (user: TestUser) => administer(server, user.accessToken);

beforeAll(async () => {
  server = await TestServer.start({ imports: [GateModule, ForkModule] });
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

/** Who calls, by which role, and what the call is about. */
interface Stage {
  caller: TestUser;
  callersRole: string;
  target: TestUser;
  targetsRole: string;
  role: string;
}

/** The caller may everything, by a role that is not `admin`, and holds what the target holds. */
async function stage(): Promise<Stage> {
  const targetsRole = await makeRole(server, 'users:read');
  const callersRole = await makeRole(server, ...PERMISSIONS);
  return {
    caller: await signUpWithRoles(server, callersRole, targetsRole),
    callersRole,
    target: await signUpWithRoles(server, targetsRole),
    targetsRole,
    role: await makeRole(server, 'users:read'),
  };
}

type Answer = GraphQLAnswer;
type Act = (by: ReturnType<typeof administer>, on: Stage) => Promise<Answer>;
/** Of a session. */
type Token = Pick<TestUser, 'accessToken'>;

const ON_ACCOUNTS: Readonly<Record<string, Act>> = {
  updateUser: (by, { target }) => by.update({ id: target.id, email: newEmail() }),
  setUserRoles: (by, { target, callersRole }) => by.setRoles(target.id, ['user', callersRole]),
  disableUser: (by, { target }) => by.disable(target.id),
  enableUser: (by, { target }) => by.enable(target.id),
  deleteUser: (by, { target }) => by.delete(target.id),
  revokeUserSessions: (by, { target }) => by.revokeSessions(target.id),
  impersonate: (by, { target }) => by.impersonate(target.id),
};

/** Every mutation that takes a permission. */
const ACTS: Readonly<Record<string, Act>> = {
  ...ON_ACCOUNTS,
  createUser: (by, { callersRole }) => by.create({ email: newEmail(), roles: ['user', callersRole] }),
  createRole: (by) => by.createRole({ name: 'made-meanwhile', permissions: ['users:read'] }),
  updateRole: (by, { role }) => by.updateRole({ name: role, permissions: ['users:write'] }),
  deleteRole: (by, { role }) => by.deleteRole(role),
  rotateSigningKey: (by) => by.rotateKey(),
};

/** Digests of all that those mutations change. */
async function state(): Promise<string[]> {
  const selects = [
    '* from users',
    '* from user_roles',
    '* from roles',
    '* from sessions',
    'kid, generation from signing_keys',
  ];
  const rows = await Promise.all(selects.map((what) => server.em().execute<object[]>(`select ${what} order by 1, 2`)));
  return rows.map((table) => hash('sha256', JSON.stringify(table)));
}

/** What is refused of mutations during which something else happens. */
async function refusalsDuring(
  acts: typeof ACTS,
  on: Stage,
  meanwhile: (on: Stage) => Promise<unknown>,
  { accessToken }: Token = on.caller,
) {
  let before: string[] = [];
  const requests = Object.entries(acts).map(
    ([field, act]) => [field, () => act(administer(server, accessToken), on)] as const,
  );
  const answers = await gateOf(server).during(accessToken, Object.fromEntries(requests), async () => {
    await meanwhile(on);
    before = await state();
  });
  expect(await state()).toEqual(before);
  return Object.fromEntries(Object.entries(answers).map(([field, answer]) => [field, refusalOf(answer)]));
}

const all = (acts: typeof ACTS, refusal: unknown) =>
  Object.fromEntries(Object.keys(acts).map((field) => [field, refusal]));

const done = async (answer: Promise<Answer>) => expect((await answer).errors).toEqual([]);

/** What the caller does in another session of theirs. */
async function elsewhere({ caller }: Stage, document: string): Promise<void> {
  const { accessToken } = await logIn(server, caller.email);
  await done(server.call(document, {}, { token: accessToken }));
}

const STALE = 'UNAUTHENTICATED/TOKEN_STALE';
const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';

/** Every way in which a caller loses what lets them in, and what they are told. */
const LOSSES: [string, string, (on: Stage) => Promise<unknown>][] = [
  ['setUserRoles', STALE, ({ caller }) => done(as(root).setRoles(caller.id, ['user']))],
  ['updateRole', 'FORBIDDEN', ({ callersRole }) => done(as(root).updateRole({ name: callersRole, permissions: [] }))],
  ['deleteRole', STALE, ({ callersRole }) => done(as(root).deleteRole(callersRole, 'user'))],
  ['disableUser', REVOKED, ({ caller }) => done(as(root).disable(caller.id))],
  ['deleteUser', REVOKED, ({ caller }) => done(as(root).delete(caller.id))],
  ['revokeUserSessions', REVOKED, ({ caller }) => done(as(root).revokeSessions(caller.id))],
  ['logout everywhere', REVOKED, (on) => elsewhere(on, 'mutation { logout(input: { everywhere: true }) }')],
  ['revokeOtherSessions', REVOKED, (on) => elsewhere(on, 'mutation { revokeOtherSessions }')],
];

it('every mutation that takes a permission is looked at here', () => {
  const fields = buildSchema(readFileSync('schema.gql', 'utf8')).getMutationType()?.getFields() ?? {};
  const restricted = Object.values(fields).filter(({ astNode }) =>
    astNode?.directives?.some(({ name, arguments: given = [] }) => name.value === 'auth' && given.length > 0),
  );
  expect(restricted.map(({ name }) => name).sort()).toEqual(Object.keys(ACTS).sort());
});

describe('while a mutation stands between the guards and its transaction', () => {
  it.each(LOSSES)('a caller who loses their rights by %s is refused, and changes nothing', async (_, refusal, lose) => {
    expect(await refusalsDuring(ACTS, await stage(), lose)).toEqual(all(ACTS, refusal));
  });

  it('so is a caller who is disabled by hand, and whose session goes on', async () => {
    const disable = ({ caller }: Stage) =>
      server.em().execute('update users set disabled_at = created_at where id = ?', [caller.id]);
    expect(await refusalsDuring(ACTS, await stage(), disable)).toEqual(all(ACTS, 'UNAUTHENTICATED/ACCOUNT_DISABLED'));
  });

  it('an account that gets a role which the caller does not hold is out of their reach', async () => {
    const gain = ({ target, role }: Stage) => done(as(root).setRoles(target.id, ['user', role]));
    expect(await refusalsDuring(ON_ACCOUNTS, await stage(), gain)).toEqual(all(ON_ACCOUNTS, 'FORBIDDEN'));
  });

  it('so is one whose role permits more', async () => {
    const on = await stage();
    await done(as(root).updateRole({ name: on.callersRole, permissions: [...PERMISSIONS].slice(1) }));
    await done(as(root).setRoles(on.caller.id, ['user', on.callersRole]));
    const caller = await logIn(server, on.caller.email);
    const weaker = await makeRole(server);
    await done(as(root).setRoles(on.target.id, ['user', weaker]));
    const gain = () => done(as(root).updateRole({ name: weaker, permissions: [PERMISSIONS[0]] }));
    expect(await refusalsDuring(ON_ACCOUNTS, { ...on, caller }, gain)).toEqual(all(ON_ACCOUNTS, 'FORBIDDEN'));
  });

  it('and one whose role is replaced', async () => {
    const on = await stage();
    const weaker = await makeRole(server);
    await done(as(root).setRoles(on.target.id, ['user', weaker]));
    const gain = () => done(as(root).deleteRole(weaker, on.role));
    expect(await refusalsDuring(ON_ACCOUNTS, on, gain)).toEqual(all(ON_ACCOUNTS, 'FORBIDDEN'));
  });

  it('a role that is to be given and permits more than the caller may is not given', async () => {
    const own = await makeRole(server, 'roles:assign', 'users:write', 'users:read');
    const on = { ...(await stage()), caller: await signUpWithRoles(server, own) };
    const acts = {
      setUserRoles: (by, { caller }) => by.setRoles(caller.id, ['user', own]),
      createUser: (by) => by.create({ email: newEmail(), roles: ['user', own] }),
    } satisfies Record<string, Act>;
    const loss = () => done(as(root).updateRole({ name: own, permissions: ['users:read'] }));
    expect(await refusalsDuring(acts, on, loss)).toEqual(all(acts, 'FORBIDDEN'));
  });

  it('a right that is given to the caller counts', async () => {
    const own = await makeRole(server, 'roles:write');
    const [caller, role] = [await signUpWithRoles(server, own), await makeRole(server)];
    const { updateRole } = await gateOf(server).during(
      caller.accessToken,
      { updateRole: () => as(caller).updateRole({ name: role, permissions: ['audit:read'] }) },
      () => done(as(root).updateRole({ name: own, permissions: ['audit:read', 'roles:write'] })),
    );
    expect(updateRole?.data?.['updateRole']).toMatchObject({ permissions: ['audit:read'] });
  });

  it('a session that is ended ends no others', async () => {
    const owner = await signUp(server);
    const other = await logIn(server, owner.email);
    const ending = (field: string) => () => server.call(`mutation { ${field} }`, {}, { token: other.accessToken });
    const answers = await gateOf(server).during(
      other.accessToken,
      {
        revokeSession: ending(`revokeSession(id: "${owner.sessionId}")`),
        revokeOtherSessions: ending('revokeOtherSessions'),
      },
      () => done(server.call('mutation { revokeOtherSessions }', {}, { token: owner.accessToken })),
    );
    expect(Object.values(answers).map(refusalOf)).toEqual([REVOKED, REVOKED]);
    expect(await whoAmI(server, owner.accessToken)).toBe(owner.id);
  });
});

describe('while a mutation of somebody who acts as a user stands there', () => {
  const changes: [string, (on: Stage) => Promise<unknown>][] = [
    ...LOSSES.map(([name, , lose]) => [`the one who acts loses it by ${name}`, lose] as (typeof changes)[0]),
    ['the user becomes an administrator', ({ target }) => done(as(root).setRoles(target.id, ['user', 'admin']))],
    ['the user gets another role', ({ target, role }) => done(as(root).setRoles(target.id, ['user', role]))],
    ['the role of the user is replaced', ({ targetsRole }) => done(as(root).deleteRole(targetsRole, 'admin'))],
    ['the user is disabled', ({ target }) => done(as(root).disable(target.id))],
    ['the sessions of the user end', ({ target }) => done(as(root).revokeSessions(target.id))],
    [
      'the user becomes an administrator by hand',
      ({ target }) =>
        server.em().execute(`insert into user_roles (user_id, role_name) values (?, 'admin')`, [target.id]),
    ],
  ];

  it.each(changes)('it is refused, and changes nothing, when %s', async (_, change) => {
    const on = await stage();
    await done(as(root).updateRole({ name: on.targetsRole, permissions: ['users:read', 'users:write'] }));
    const acting = (await as(on.caller).impersonate(on.target.id)).data?.['impersonate'];
    if (!acting) throw new Error('Nobody acts.');
    const [other, email] = [await signUp(server), newEmail()];
    const acts = {
      updateProfile: () =>
        server.call('mutation { updateProfile(input: { name: "Late" }) { id } }', {}, { token: acting.accessToken }),
      updateUser: (by) => by.update({ id: other.id, name: 'Late' }),
      createUser: (by) => by.create({ email }),
    } satisfies Record<string, Act>;
    const refusals = await refusalsDuring(acts, on, change, acting);
    for (const refusal of Object.values(refusals)) expect([REVOKED, STALE]).toContain(refusal);
  });
});

describe('while an earlier field of its document runs', () => {
  it.each(LOSSES)('a caller who loses their rights by %s does not get to the next one', async (_, refusal, lose) => {
    const on = await stage();
    const document = `mutation {
      first: forkAction
      waiting: requestPasswordReset(email: "nobody@example.com")
      next: forkAction
    }`;
    const { waiting } = await gateOf(server).during(
      on.caller.accessToken,
      { waiting: () => server.call(document, {}, { token: on.caller.accessToken }) },
      () => lose(on),
    );
    expect([waiting?.errors.map(({ path }) => path), refusalOf(waiting ?? { errors: [] })]).toEqual([
      [['next']],
      refusal,
    ]);
  });
});

it('of two sessions that end each other at once, one does', async () => {
  for (let round = 0; round < 3; round++) {
    const one = await signUp(server);
    const two = await logIn(server, one.email);
    const end = ({ accessToken }: TestUser) =>
      server.call('mutation { revokeOtherSessions }', {}, { token: accessToken });
    const answers = await Promise.all([end(one), end(two)]);
    expect(answers.map(refusalOf).filter(Boolean)).toEqual([REVOKED]);
  }
});
