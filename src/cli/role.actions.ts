import { AccountAdministration } from '../administration/account-administration.service.js';
import { OPERATOR } from '../administration/authority.js';
import { RoleAdministration } from '../administration/role-administration.service.js';
import { permissionsOfRoles } from '../roles/rights.js';
import { RolesService } from '../roles/roles.service.js';
import { withChanges, withServices } from './operator-context.js';
import { tell } from './output.js';
import { mayReceive, type UnconfirmedOption } from './unconfirmed.js';

/** What the `role` commands do, apart from how they are called. */
export async function listRoles(): Promise<void> {
  await withServices(async (app) => {
    const roles = await app.get(RoleAdministration).list();
    const holders = await app.get(RolesService).countHolders(roles.map(({ name }) => name));
    const listed = roles.map((role, index) => ({
      name: role.name,
      description: role.description ?? null,
      permissions: permissionsOfRoles([role]),
      holders: holders[index],
    }));
    tell(
      listed.map(
        ({ name, permissions, holders: count }) => `${name}  ${count} holder(s)  ${permissions.join(' ') || '-'}`,
      ),
      listed,
    );
  });
}

export const grantRole = (email: string, name: string, options: UnconfirmedOption = {}): Promise<void> =>
  change(email, (held) => [...new Set([...held, name])], options);

export const withdrawRole = (email: string, name: string): Promise<void> =>
  change(email, (held) => held.filter((role) => role !== name));

async function change(
  email: string,
  next: (held: readonly string[]) => string[],
  options: UnconfirmedOption = {},
): Promise<void> {
  await withChanges(async (app) => {
    const accounts = app.get(AccountAdministration);
    const user = await accounts.setRoles({ email }, next, OPERATOR, undefined, mayReceive(options));
    const roles = user.roles.getIdentifiers().sort();
    tell(`${user.email} holds: ${roles.join(', ')}.`, { email: user.email, roles });
  });
}
