import { administer, makeRole } from '../administration/operations.js';
import { logIn, newEmail, refresh, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { gateOf, GateModule } from '../support/gate.module.js';
import { Instances } from '../support/instances.js';
import { refusalOf, whoAmI } from '../support/refusals.js';

// SQLite has one instance.
(testEngine === 'postgres' ? describe : describe.skip)('rights that another instance takes', () => {
  let instances: Instances;
  let root: TestUser;
  let role: string;
  let caller: TestUser;
  const elsewhere = () => administer(instances.there, root.accessToken);

  beforeAll(async () => {
    instances = await Instances.start({}, undefined, [GateModule]);
    root = await signUpWithRoles(instances.here, 'admin');
  });
  afterAll(() => instances.stop());
  beforeEach(async () => {
    role = await makeRole(instances.here, 'users:impersonate', 'users:read', 'users:write');
    caller = await signUpWithRoles(instances.here, role);
  });

  const losses: [string, string, () => Promise<unknown>][] = [
    ['setUserRoles', 'UNAUTHENTICATED/TOKEN_STALE', () => elsewhere().setRoles(caller.id, ['user'])],
    ['updateRole', 'FORBIDDEN', () => elsewhere().updateRole({ name: role, permissions: ['users:read'] })],
    ['deleteRole', 'UNAUTHENTICATED/TOKEN_STALE', () => elsewhere().deleteRole(role, 'user')],
    ['disableUser', 'UNAUTHENTICATED/TOKEN_REVOKED', () => elsewhere().disable(caller.id)],
    ['revokeUserSessions', 'UNAUTHENTICATED/TOKEN_REVOKED', () => elsewhere().revokeSessions(caller.id)],
    [
      'logout everywhere',
      'UNAUTHENTICATED/TOKEN_REVOKED',
      async () => {
        const { accessToken: token } = await logIn(instances.there, caller.email);
        return instances.there.call('mutation { logout(input: { everywhere: true }) }', {}, { token });
      },
    ],
  ];

  it.each(losses)('by %s are not used by a mutation that waits here', async (_, refusal, lose) => {
    const { here } = instances;
    const email = newEmail();
    const create = () => administer(here, caller.accessToken).create({ email });
    const { createUser } = await gateOf(here).during(caller.accessToken, { createUser: create }, lose);
    expect(createUser && refusalOf(createUser)).toBe(refusal);
    expect(refusalOf(await administer(here, root.accessToken).create({ email }))).toBeUndefined();
  });

  it.each(losses)('by %s end what the one who lost them does as a user here', async (_name, _refusal, lose) => {
    const { here } = instances;
    const user = await signUp(here);
    const acting = (await administer(here, caller.accessToken).impersonate(user.id)).data?.['impersonate'];
    expect(await whoAmI(here, acting?.accessToken)).toBe(user.id);
    await lose();
    expect(await whoAmI(here, acting?.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(here, acting?.refreshToken ?? ''))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
  });
});
