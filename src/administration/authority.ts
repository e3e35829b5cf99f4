import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import { ADMIN_ROLE, PERMISSIONS } from '../access/permissions.js';
import { actorOf, type Principal } from '../access/principal.js';
import type { ClientInfo } from '../common/client-info.js';
import type { Role } from '../roles/role.entity.js';
import { permissionsOfRoles, RolesService } from '../roles/roles.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenRevoked } from '../tokens/token.errors.js';
import type { User } from '../users/user.entity.js';

/** In whose name something is administered, and what they may do. */
export interface Authority {
  readonly permissions: ReadonlySet<string>;
  /** Absent: an operator at the command line, who may do everything. */
  readonly caller?: { readonly principal: Principal; readonly client: ClientInfo };
}

export const OPERATOR: Authority = { permissions: new Set(PERMISSIONS) };

@Injectable()
export class Authorities {
  constructor(
    private readonly roles: RolesService,
    private readonly sessions: SessionsService,
  ) {}

  async of(principal: Principal, client: ClientInfo): Promise<Authority> {
    return { permissions: await this.roles.permissionsOf(principal), caller: { principal, client } };
  }

  /** In the transaction of a change: an administrator who was thrown out while it was under way does not make it. */
  async hold(em: EntityManager, { caller }: Authority): Promise<void> {
    if (!caller) return;
    const { userId, sessionId } = caller.principal;
    if (!(await this.sessions.holdAlive(em, userId, sessionId))) throw tokenRevoked(caller.principal);
  }
}

/** For the audit trail. */
export function actedBy({ caller }: Authority): { actorId?: string; client?: ClientInfo } {
  return caller ? { actorId: actorOf(caller.principal), client: caller.client } : {};
}

/**
 * Nobody gets further than they are: whoever could change an account with greater rights could take it over, and whoever
 * could give what they do not hold could take it themselves (OWASP API5:2023).
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertRightsOver(authority: Authority, user: User): void {
  if (!holdsAll(authority, permissionsOfRoles(user.roles.getItems()))) {
    throw forbidden('This account holds permissions that you do not hold.');
  }
}

/** @throws AppError `FORBIDDEN` */
export function assertMayGrant(authority: Authority, permissions: readonly string[]): void {
  if (!holdsAll(authority, permissions)) throw forbidden('You can not give permissions that you do not hold.');
}

/**
 * A role that is added must not give more than its giver holds. To oneself nobody but an administrator adds any: a role
 * opens what asks for it by name, whatever permissions it has.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayAssign(authority: Authority, user: User | undefined, roles: readonly Role[]): void {
  const added = roles.filter((role) => !user?.roles.contains(role));
  assertMayGrant(authority, permissionsOfRoles(added));
  if (user?.id === authority.caller?.principal.userId && added.length > 0) assertIsAdmin(authority);
}

/**
 * The same for a role that everybody receives who holds another one, its giver among them.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayReplace(authority: Authority, role: Role, replacement: Role): void {
  if (!authority.permissions.has('roles:assign')) throw forbidden('To replace a role takes roles:assign.');
  assertMayGrant(authority, permissionsOfRoles([replacement]));
  const own = authority.caller?.principal.roles ?? [];
  if (own.includes(role.name) && !own.includes(replacement.name)) assertIsAdmin(authority);
}

function assertIsAdmin({ caller }: Authority): void {
  if (caller && !caller.principal.roles.includes(ADMIN_ROLE)) {
    throw forbidden('You can not give yourself another role.');
  }
}

function holdsAll({ permissions }: Authority, needed: readonly string[]): boolean {
  return needed.every((permission) => permissions.has(permission));
}
