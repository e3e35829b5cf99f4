import { EntityManager, LockMode } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { notFound } from '../access/access.errors.js';
import { ADMIN_ROLE, USER_ROLE } from '../access/permissions.js';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Transactions } from '../database/transactions.js';
import { Role } from '../roles/role.entity.js';
import { RolesService } from '../roles/roles.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { User } from '../users/user.entity.js';
import { normalizeEmail } from '../users/email.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { AccountLinks } from './account-links.js';
import { AddressTaken } from './address-taken.js';
import { lastAdmin } from './auth.errors.js';

export interface NewAccount {
  /** Normalised. */
  email: string;
  passwordHash: string | null;
  name?: string | null;
  emailVerified?: boolean;
  locale?: string | null;
  roles?: readonly string[];
}

/**
 * Makes and changes accounts, for the sign-up form and for operators. Each change is one transaction together with
 * what it ends and its audit event, and counts on the next request of every instance.
 */
@Injectable()
export class AccountsService {
  constructor(
    private readonly transactions: Transactions,
    private readonly roles: RolesService,
    private readonly sessions: SessionsService,
    private readonly links: AccountLinks,
    private readonly held: HeldAddresses,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds the account to the transaction of `em`.
   *
   * @throws what `isAddressTaken` knows, of a taken or held address
   */
  async create(em: EntityManager, account: NewAccount): Promise<User> {
    const roles = await this.roles.named(em, account.roles ?? [USER_ROLE]);
    const user = em.create(User, {
      id: newId(),
      email: account.email,
      passwordHash: account.passwordHash,
      name: account.name ?? null,
      emailVerified: account.emailVerified ?? false,
      locale: account.locale ?? null,
      version: 1,
      roles,
      createdAt: this.clock.now(),
    });
    await em.flush();
    // Only now: whoever was about to leave the address has committed, and with it the hold.
    if (await this.held.isHeld(em, account.email)) throw new AddressTaken();
    return user;
  }

  /** Replaces the roles. Tokens in circulation become stale, not revoked: the next refresh brings the new roles. */
  async setRoles(email: string, names: readonly string[], actorId?: string): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.lockByEmail(em, email);
      const roles = await this.roles.named(em, names);
      if (!names.includes(ADMIN_ROLE)) await this.assertNotLastAdmin(em, user);
      user.roles.set(roles);
      await this.sessions.outdateTokens(em, user);
      this.record(em, 'user.roles_changed', user, actorId, { roles: [...names].sort() });
      return user;
    });
  }

  /** Ends every session and refuses every login until the account is enabled again. */
  async disable(email: string, reason: string | null, actorId?: string): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.lockByEmail(em, email);
      await this.assertNotLastAdmin(em, user);
      user.disabledAt = this.clock.now();
      user.disabledReason = reason;
      await this.sessions.revoke(em, user.id, 'all', 'account_disabled');
      await this.links.void(em, user);
      this.record(em, 'user.disabled', user, actorId);
      return user;
    });
  }

  async enable(email: string, actorId?: string): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.lockByEmail(em, email);
      user.disabledAt = null;
      user.disabledReason = null;
      this.record(em, 'user.enabled', user, actorId);
      return user;
    });
  }

  async markEmailVerified(email: string, actorId?: string): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.lockByEmail(em, email);
      user.emailVerified = true;
      this.record(em, 'user.email_verified', user, actorId);
      return user;
    });
  }

  private async lockByEmail(em: EntityManager, email: string): Promise<User> {
    const where = { email: normalizeEmail(email) };
    const user = await em.findOne(User, where, { populate: ['roles'], lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!user) throw notFound('No account has this e-mail.');
    return user;
  }

  /**
   * The lock on the role's row makes two admins who demote each other wait for each other.
   *
   * @throws AppError `CONFLICT`
   */
  async assertNotLastAdmin(em: EntityManager, user: User): Promise<void> {
    const role = await em.findOneOrFail(Role, ADMIN_ROLE, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!user.roles.contains(role)) return;
    const others = await em.count(User, { id: { $ne: user.id }, disabledAt: null, roles: { name: ADMIN_ROLE } });
    if (others === 0) throw lastAdmin();
  }

  private record(
    em: EntityManager,
    type: Parameters<AuditService['record']>[1],
    user: User,
    actorId?: string,
    details?: Record<string, unknown>,
  ): void {
    this.audit.record(em, type, { subjectId: user.id, ...(actorId && { actorId }), ...(details && { details }) });
  }
}
