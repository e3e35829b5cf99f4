import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import { actorOf, type Principal } from '../access/principal.js';
import type { ClientInfo } from '../common/client-info.js';
import { ALL_RIGHTS, covers, type HeldRole, type Rights, rightsOfRoles } from '../roles/rights.js';
import { RolesService } from '../roles/roles.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenRevoked } from '../tokens/token.errors.js';
import type { User } from '../users/user.entity.js';

/** In whose name something is administered, and what they may do. */
export interface Authority {
  readonly rights: Rights;
  /** Absent: an operator at the command line, who may do everything. */
  readonly caller?: { readonly principal: Principal; readonly client: ClientInfo };
}

export const OPERATOR: Authority = { rights: ALL_RIGHTS };

@Injectable()
export class Authorities {
  constructor(
    private readonly roles: RolesService,
    private readonly sessions: SessionsService,
  ) {}

  async of(principal: Principal, client: ClientInfo): Promise<Authority> {
    const permissions = await this.roles.permissionsOf(principal);
    return { rights: { roles: principal.roles, permissions }, caller: { principal, client } };
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
export function assertRightsOver({ rights }: Authority, user: User): void {
  if (!covers(rights, rightsOfRoles(user.roles.getItems()))) {
    throw forbidden('This account holds roles or permissions that you do not hold.');
  }
}

/** @throws AppError `FORBIDDEN` */
export function assertMayGrant({ rights }: Authority, permissions: readonly string[]): void {
  if (!covers(rights, { roles: [], permissions: new Set(permissions) })) {
    throw forbidden('You cannot give permissions that you do not hold.');
  }
}

/**
 * Of the roles that are added, its giver holds each.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayAssign({ rights }: Authority, added: readonly HeldRole[]): void {
  if (!covers(rights, rightsOfRoles(added))) throw forbidden('You cannot give roles that you do not hold.');
}

/**
 * A replacement takes one role from everybody who holds it, and gives them the other.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayReplace(authority: Authority, role: HeldRole, replacement: HeldRole): void {
  if (!authority.rights.permissions.has('roles:assign')) throw forbidden('To replace a role takes roles:assign.');
  assertMayAssign(authority, [role, replacement]);
}
