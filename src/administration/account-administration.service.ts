import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { ADMIN_ROLE } from '../access/permissions.js';
import type { AuditEventType } from '../audit/audit-events.js';
import { AuditService } from '../audit/audit.service.js';
import { AccountLinks } from '../auth/account-links.js';
import { AccountsService } from '../auth/accounts.service.js';
import { AddressTaken, isAddressTaken } from '../auth/address-taken.js';
import { emailTaken } from '../auth/auth.errors.js';
import { badInput } from '../common/bad-input.js';
import { Clock } from '../common/clock.js';
import { isStorable, NOT_STORABLE } from '../common/storable.js';
import { AccountDeletion } from '../lifecycle/account-deletion.service.js';
import { WaysBack } from '../lifecycle/ways-back.js';
import { Outbox } from '../mail/outbox.js';
import { assertRolesFit } from '../roles/role-names.js';
import { RolesService } from '../roles/roles.service.js';
import { Impersonations } from '../sessions/impersonations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import type { User } from '../users/user.entity.js';
import { AccountChange, type AccountKey } from './account-change.js';
import { actedBy, assertMayAssign, assertNotOwn, Authorities, type Authority } from './authority.js';

const MAX_REASON_LENGTH = 500;

/** What is left out stays; null clears a name. */
export interface AccountUpdate {
  /** Normalised. */
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly emailVerified?: boolean | null | undefined;
}

/**
 * What administrators and operators do to accounts. Each change is one transaction together with what it ends and its audit
 * event, and counts on the next request of every instance.
 */
@Injectable()
export class AccountAdministration {
  constructor(
    private readonly changes: AccountChange,
    private readonly authorities: Authorities,
    private readonly accounts: AccountsService,
    private readonly roles: RolesService,
    private readonly sessions: SessionsService,
    private readonly impersonations: Impersonations,
    private readonly links: AccountLinks,
    private readonly held: HeldAddresses,
    private readonly waysBack: WaysBack,
    private readonly deletion: AccountDeletion,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `EMAIL_TAKEN` */
  async update(key: AccountKey, update: AccountUpdate, authority: Authority, revision?: string | null): Promise<User> {
    const { email, name, emailVerified } = update;
    const isAboutAddress = Boolean(email) || typeof emailVerified === 'boolean';
    if (isAboutAddress) this.authorities.assertRecentSignIn(authority);
    try {
      return await this.changes.run(key, authority, revision, async (em, user) => {
        if (isAboutAddress) assertNotOwn(authority, user);
        if (email && email !== user.email) await this.moveTo(em, user, email);
        if (name !== undefined) user.name = name;
        if (typeof emailVerified === 'boolean') user.emailVerified = emailVerified;
        const fields = Object.entries(update).flatMap(([field, value]) => (value === undefined ? [] : field));
        const isVerification = fields.join() === 'emailVerified' && user.emailVerified;
        this.record(em, isVerification ? 'user.email_verified' : 'user.updated', user, authority, { fields });
        return user;
      });
    } catch (error) {
      if (isAddressTaken(error)) throw emailTaken();
      throw error;
    }
  }

  /**
   * Replaces the roles. Tokens in circulation become stale, not revoked: the next refresh brings the new roles.
   *
   * @param assertMayReceive throws, in the transaction, when the account is not to get what it has not held before
   */
  async setRoles(
    key: AccountKey,
    names: readonly string[],
    authority: Authority,
    revision?: string | null,
    assertMayReceive: (user: User, added: readonly string[]) => void = () => undefined,
  ): Promise<User> {
    this.authorities.assertRecentSignIn(authority);
    return this.changes.run(key, authority, revision, async (em, user, held) => {
      const present = new Set(user.roles.getItems().map(({ name }) => name));
      const added = names.filter((name) => !present.has(name));
      // Who has more than fit can still be taken some.
      if (added.length > 0) assertRolesFit([...new Set(names)]);
      assertMayReceive(user, added);
      const roles = await this.roles.named(em, names);
      assertMayAssign(
        held,
        roles.filter((role) => !user.roles.contains(role)),
      );
      if (!names.includes(ADMIN_ROLE)) await this.accounts.assertNotLastAdmin(em, user);
      user.roles.set(roles);
      await this.sessions.outdateTokens(em, user);
      await em.flush();
      await this.impersonations.endForbidden(em, user.id);
      this.record(em, 'user.roles_changed', user, authority, { roles: roles.map(({ name }) => name).sort() });
      return user;
    });
  }

  /** Ends every session and refuses every login until the account is enabled again. */
  disable(key: AccountKey, reason: string | null, authority: Authority): Promise<User> {
    if (reason && reason.length > MAX_REASON_LENGTH) {
      throw badInput('reason', `must not be longer than ${MAX_REASON_LENGTH} characters`);
    }
    if (reason && !isStorable(reason)) throw badInput('reason', NOT_STORABLE);
    return this.changes.run(key, authority, undefined, async (em, user) => {
      await this.accounts.assertNotLastAdmin(em, user);
      // A session that was found open would shut its owner out.
      assertNotOwn(authority, user);
      user.disabledAt ??= this.clock.now();
      user.disabledReason = reason;
      await this.sessions.revoke(em, user.id, 'all', 'account_disabled');
      await this.links.void(em, user);
      this.record(em, 'user.disabled', user, authority);
      return user;
    });
  }

  async enable(key: AccountKey, authority: Authority): Promise<User> {
    this.authorities.assertRecentSignIn(authority);
    return this.changes.run(key, authority, undefined, (em, user) => {
      user.disabledAt = null;
      user.disabledReason = null;
      this.record(em, 'user.enabled', user, authority);
      return Promise.resolve(user);
    });
  }

  async delete(key: AccountKey, authority: Authority): Promise<void> {
    this.authorities.assertRecentSignIn(authority);
    await this.changes.run(key, authority, undefined, async (em, user) => {
      assertNotOwn(authority, user);
      await this.accounts.assertNotLastAdmin(em, user);
      await this.deletion.delete(em, user, actedBy(authority));
    });
  }

  /** Ends the sessions of a user on every device. @returns how many there were */
  revokeSessions(key: AccountKey, authority: Authority): Promise<number> {
    return this.changes.run(key, authority, undefined, async (em, user) => {
      assertNotOwn(authority, user);
      const ended = await this.sessions.revoke(em, user.id, 'all', 'revoked_by_admin');
      this.record(em, 'session.revoked', user, authority, { ended });
      return ended;
    });
  }

  /**
   * Decides whom the account belongs to: no former address takes it back. The last one is told if it was confirmed, without a link:
   * it may be the reason for the change.
   */
  private async moveTo(em: EntityManager, user: User, email: string): Promise<void> {
    const { id: userId, email: recipient, locale = null } = user;
    await this.links.void(em, user);
    await this.waysBack.endAll(em, userId);
    if (user.emailVerified) this.outbox.write(em, { template: 'email-replaced', recipient, userId, locale });
    user.email = email;
    user.emailVerified = false;
    await em.flush();
    if (await this.held.isHeld(em, email, userId)) throw new AddressTaken();
  }

  private record(
    em: EntityManager,
    type: AuditEventType,
    user: User,
    authority: Authority,
    details?: Record<string, unknown>,
  ): void {
    this.audit.record(em, type, { subjectId: user.id, ...actedBy(authority), ...(details && { details }) });
  }
}
