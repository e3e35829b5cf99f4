import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import type { AccessRule } from '../access/access-rule.js';
import { lacks } from '../access/lacks.js';
import { assertOwner } from '../access/owner.js';
import { actorOf, type Principal } from '../access/principal.js';
import type { ClientInfo } from '../common/client-info.js';
import { Reauthentication } from '../lifecycle/reauthentication.js';
import { ALL_RIGHTS, covers, type HeldRole, type Rights, rightsOfRoles } from '../roles/rights.js';
import { RolesService } from '../roles/roles.service.js';
import { Impersonations } from '../sessions/impersonations.service.js';
import { accountDisabled } from '../sessions/session.errors.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenRevoked, tokenStale } from '../tokens/token.errors.js';
import { lockedUsers, type UserLock } from '../users/locked-users.js';
import type { User } from '../users/user.entity.js';

/** Who administers over the API. */
export interface Caller {
  readonly principal: Principal;
  readonly client: ClientInfo;
  /** Of the field that they use. */
  readonly rule: AccessRule;
}

/** In whose name something is administered. */
export interface Authority {
  /** Absent: an operator at the command line, who may do everything. */
  readonly caller?: Caller;
}

/** ... and what they may do as long as a transaction lasts. */
export interface HeldAuthority extends Authority {
  readonly rights: Rights;
}

/** The account or the role that a transaction changes. */
interface Changed {
  readonly userId?: string;
  /** Its name. */
  readonly role?: string;
}

export const OPERATOR: Authority = {};

@Injectable()
export class Authorities {
  constructor(
    private readonly roles: RolesService,
    private readonly sessions: SessionsService,
    private readonly impersonations: Impersonations,
    private readonly reauthentication: Reauthentication,
  ) {}

  /**
   * Before what could give somebody an account or rights for good: a session that was found open is not enough (ASVS 7.5.3).
   *
   * @throws AppError `REAUTHENTICATION_REQUIRED`; `FORBIDDEN` to whoever acts as a user
   */
  assertRecentSignIn({ caller }: Authority): void {
    if (caller) this.reauthentication.proveBySession(caller.principal);
  }

  /**
   * The first step in the transaction of a change. The guards have looked at the caller before it, and it may have waited
   * long for its turn: so account, session, roles and permissions are looked at once more, and stay as they are until it ends.
   *
   * @param changed what the transaction is about, which is locked together with what is looked at of the caller
   * @throws AppError `UNAUTHENTICATED`, or `FORBIDDEN` when the rule of the field lets the caller in no more
   */
  async hold(em: EntityManager, authority: Authority, changed: Changed = {}): Promise<HeldAuthority> {
    const { caller } = authority;
    const locks = new Map<string, UserLock>();
    if (caller) locks.set(caller.principal.userId, 'read');
    if (caller?.principal.impersonatorId) locks.set(caller.principal.impersonatorId, 'read');
    if (changed.userId !== undefined) locks.set(changed.userId, 'change');
    const users = await lockedUsers(em, locks);
    if (!caller) return { rights: ALL_RIGHTS };
    const { principal, rule } = caller;
    const user = users.get(principal.userId);
    if (!user || !(await this.sessions.holdAlive(em, user.id, principal.sessionId))) throw tokenRevoked(principal);
    if (user.version !== principal.version) throw tokenStale(principal);
    if (user.disabledAt) throw accountDisabled(principal);
    await this.impersonations.assertAllowed(principal, em);
    const rights = await this.roles.rightsIn(em, user.id, changed.role);
    if (lacks(rule, rights.roles, rights.permissions).length > 0) throw forbidden();
    return { ...authority, rights };
  }
}

/** For what only a user can do: the command line has no account. */
export function callerOf({ caller }: Authority): Caller {
  if (!caller) throw new Error('This takes a caller.');
  return caller;
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
export function assertRightsOver({ rights, caller }: HeldAuthority, user: User): void {
  // Neither the user whom they act as nor they themselves: what only the user may do has no second way.
  const principal = caller?.principal;
  if (principal && [principal.userId, principal.impersonatorId].includes(user.id)) assertOwner(principal);
  if (!covers(rights, rightsOfRoles(user.roles.getItems()))) {
    throw forbidden('This account holds roles or permissions that you do not hold.');
  }
}

/**
 * What users do to their own accounts with a proof of who they are, they do not administer without it.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertNotOwn({ caller }: Authority, user: User): void {
  if (user.id === caller?.principal.userId) throw forbidden('Do this to your own account as every user does.');
}

/** @throws AppError `FORBIDDEN` */
export function assertMayGrant({ rights }: HeldAuthority, permissions: readonly string[]): void {
  if (!covers(rights, { roles: [], permissions: new Set(permissions) })) {
    throw forbidden('You cannot give permissions that you do not hold.');
  }
}

/**
 * Of the roles that are added, its giver holds each.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayAssign({ rights }: HeldAuthority, added: readonly HeldRole[]): void {
  if (!covers(rights, rightsOfRoles(added))) throw forbidden('You cannot give roles that you do not hold.');
}

/**
 * A replacement takes one role from everybody who holds it, and gives them the other.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertMayReplace(authority: HeldAuthority, role: HeldRole, replacement: HeldRole): void {
  if (!authority.rights.permissions.has('roles:assign')) throw forbidden('To replace a role takes roles:assign.');
  assertMayAssign(authority, [role, replacement]);
}
