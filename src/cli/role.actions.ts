import { AccountAdministration } from '../administration/account-administration.service.js';
import { OPERATOR } from '../administration/authority.js';
import { RoleAdministration } from '../administration/role-administration.service.js';
import { notFound } from '../access/access.errors.js';
import { permissionsOfRoles } from '../roles/rights.js';
import { RolesService } from '../roles/roles.service.js';
import { revisionOf } from '../users/user-revision.js';
import { UsersService } from '../users/users.service.js';
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
  change(email, (roles) => [...new Set([...roles, name])], options);

export const withdrawRole = (email: string, name: string): Promise<void> =>
  change(email, (roles) => roles.filter((role) => role !== name));

async function change(
  email: string,
  next: (roles: string[]) => string[],
  options: UnconfirmedOption = {},
): Promise<void> {
  await withChanges(async (app) => {
    const user = await app.get(UsersService).byEmail(email);
    if (!user) throw notFound('There is no such account.');
    const held = user.roles.getItems().map((role) => role.name);
    const roles = next(held).sort();
    // What another operator has given or taken since is not undone.
    const revision = revisionOf(user, held);
    await app.get(AccountAdministration).setRoles({ id: user.id }, roles, OPERATOR, revision, mayReceive(options));
    tell(`${user.email} holds: ${roles.join(', ')}.`, { email: user.email, roles });
  });
}
