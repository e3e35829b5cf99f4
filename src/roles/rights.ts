import { ADMIN_ROLE, PERMISSIONS, USER_ROLE } from '../access/permissions.js';

export interface HeldRole {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** What a user may do: by name, for services that read the roles of a token, and by permission. */
export interface Rights {
  readonly roles: readonly string[];
  readonly permissions: ReadonlySet<string>;
}

/** Of an operator at the command line. */
export const ALL_RIGHTS: Rights = { roles: [ADMIN_ROLE], permissions: new Set(PERMISSIONS) };

/** The permissions of the roles together, sorted. The role `admin` holds every permission, whatever its row says. */
export function permissionsOfRoles(roles: readonly HeldRole[]): string[] {
  const all = roles.flatMap((role) => (role.name === ADMIN_ROLE ? PERMISSIONS : role.permissions));
  return [...new Set(all)].sort();
}

export const rightsOfRoles = (roles: readonly HeldRole[]): Rights => ({
  roles: roles.map(({ name }) => name),
  permissions: new Set(permissionsOfRoles(roles)),
});

const isAdmin = ({ roles }: Rights): boolean => roles.includes(ADMIN_ROLE);

/**
 * True when the others have nothing that is beyond these rights. The name of a role is a right of its own, because other
 * services authorise by it; `user` is none, because everybody receives it.
 */
export function covers(rights: Rights, others: Rights): boolean {
  const isHeld = (name: string) => name === USER_ROLE || rights.roles.includes(name);
  const mayAll = [...others.permissions].every((permission) => rights.permissions.has(permission));
  return mayAll && (isAdmin(rights) || others.roles.every(isHeld));
}

/** Nobody acts as an administrator, or as a user who has anything that is beyond their own rights. */
export const mayActAs = (actor: Rights, user: Rights): boolean =>
  actor.permissions.has('users:impersonate') && !isAdmin(user) && covers(actor, user);
