import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { ADMIN_ROLE } from '../access/permissions.js';
import type { AuditEventType } from '../audit/audit-events.js';
import { AuditService } from '../audit/audit.service.js';
import { AccountLinks } from '../auth/account-links.js';
import { AccountsService } from '../auth/accounts.service.js';
import { isAddressTaken } from '../auth/address-taken.js';
import { emailTaken } from '../auth/auth.errors.js';
import { Clock } from '../common/clock.js';
import { AccountDeletion } from '../lifecycle/account-deletion.service.js';
import { assertRolesFit } from '../roles/role-names.js';
import { RolesService } from '../roles/roles.service.js';
import { Impersonations } from '../sessions/impersonations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { AccountChange, type AccountKey } from './account-change.js';
import { actedBy, assertMayAssign, assertNotOwn, Authorities, type Authority } from './authority.js';
import { GivenAddresses } from './given-addresses.js';
import { givenReason } from './given-reason.js';

/** What is left out stays; null clears a name. */
export interface AccountUpdate {
  /** Normalised. */
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly emailVerified?: boolean | null | undefined;
}

/** Null is a name, namely none, and no address and no word about one. */
const changedFields = ({ email, name, emailVerified }: AccountUpdate): string[] =>
  Object.entries({ email: email ?? undefined, name, emailVerified: emailVerified ?? undefined }).flatMap(
    ([field, value]) => (value === undefined ? [] : field),
  );

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
    private readonly addresses: GivenAddresses,
    private readonly deletion: AccountDeletion,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `EMAIL_TAKEN` */
  async update(key: AccountKey, update: AccountUpdate, authority: Authority, revision?: string | null): Promise<User> {
    const { email, name, emailVerified } = update;
    const isAboutAddress = Boolean(email) || typeof emailVerified === 'boolean';
    if (isAboutAddress) this.authorities.assertRecentSignIn(authority);
    try {
      return await this.changes.run(key, authority, { revision, isAboutName: name !== undefined }, async (em, user) => {
        if (isAboutAddress) assertNotOwn(authority, user);
        if (email) await this.addresses.give(em, user, email);
        if (name !== undefined) user.name = name;
        if (typeof emailVerified === 'boolean') this.addresses.confirm(em, user, emailVerified);
        const fields = changedFields(update);
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
   * @param next the names of the roles, or what makes them from those that the account holds in the transaction
   * @param assertMayReceive throws, in the transaction, when the account is not to get what it has not held before
   */
  async setRoles(
    key: AccountKey,
    next: readonly string[] | ((held: readonly string[]) => readonly string[]),
    authority: Authority,
    revision?: string | null,
    assertMayReceive: (user: User, added: readonly string[]) => void = () => undefined,
  ): Promise<User> {
    this.authorities.assertRecentSignIn(authority);
    return this.changes.run(key, authority, { revision }, async (em, user, held) => {
      const present = user.roles.getItems().map(({ name }) => name);
      const names = typeof next === 'function' ? next(present) : next;
      const added = names.filter((name) => !present.includes(name));
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
  async disable(key: AccountKey, given: string | null, authority: Authority): Promise<User> {
    const reason = givenReason(given);
    return this.changes.run(key, authority, {}, async (em, user) => {
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
    return this.changes.run(key, authority, {}, (em, user) => {
      user.disabledAt = null;
      user.disabledReason = null;
      this.record(em, 'user.enabled', user, authority);
      return Promise.resolve(user);
    });
  }

  async delete(key: AccountKey, authority: Authority): Promise<void> {
    this.authorities.assertRecentSignIn(authority);
    await this.changes.run(key, authority, {}, async (em, user) => {
      assertNotOwn(authority, user);
      await this.accounts.assertNotLastAdmin(em, user);
      await this.deletion.delete(em, user, actedBy(authority));
    });
  }

  /** Ends the sessions of a user on every device. @returns how many there were */
  revokeSessions(key: AccountKey, authority: Authority): Promise<number> {
    return this.changes.run(key, authority, {}, async (em, user) => {
      assertNotOwn(authority, user);
      const ended = await this.sessions.revoke(em, user.id, 'all', 'revoked_by_admin');
      this.record(em, 'session.revoked', user, authority, { ended });
      return ended;
    });
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
