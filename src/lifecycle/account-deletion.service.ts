import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { AccountsService } from '../auth/accounts.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { ENV, type Env } from '../config/env.js';
import { Outbox } from '../mail/outbox.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { normalizeEmail } from '../users/email.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { User } from '../users/user.entity.js';
import { OwnAccount } from './own-account.js';
import { Reauthentication } from './reauthentication.js';
import { WaysBack } from './ways-back.js';

/**
 * Deletes an account with every personal datum of it. The audit trail stays, by ids alone. Its address, and the former ones that could
 * take it back, are free again after `DELETED_EMAIL_HOLD`, with a digest of each until then; one that was never confirmed is free at once.
 */
@Injectable()
export class AccountDeletion {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly account: OwnAccount,
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly waysBack: WaysBack,
    private readonly held: HeldAddresses,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
    @Inject(ENV) private readonly env: Pick<Env, 'DELETED_EMAIL_HOLD'>,
  ) {}

  /** @throws AppError `CONFLICT` for the last administrator */
  async deleteOwn(principal: Principal, password: string, client: ClientInfo): Promise<void> {
    const proof = await this.reauthentication.prove(principal, password, client);
    await this.account.change(principal, proof, async (em, user) => {
      await em.populate(user, ['roles']);
      await this.accounts.assertNotLastAdmin(em, user);
      await this.delete(em, user, { actorId: principal.userId });
    });
  }

  /** In the transaction of `em`, which holds the user's row. */
  async delete(em: EntityManager, user: User, by: Pick<AuditFacts, 'actorId' | 'client'>): Promise<void> {
    const { id: userId, email, emailVerified, locale = null } = user;
    // A notice that waits goes with the account: whoever was to get it hears of the deletion in its place.
    const waiting = await this.outbox.waitingForNotice(em, userId);
    // Those that can take back a change of address, or wait to be told that they can, hear of it too: they cannot any more.
    const former = await this.waysBack.endAll(em, user);
    await this.outbox.withdrawAll(em, user);
    // An address that nobody has confirmed may be a stranger's: it is neither written to nor held against them.
    const owned = emailVerified ? [email, ...former] : former;
    const others = await em.find(User, { email: { $in: waiting }, id: { $ne: userId } }, { fields: ['email'] });
    const told = waiting.filter((address) => !others.some((other) => other.email === address));
    for (const recipient of new Set([...owned, ...told].map(normalizeEmail))) {
      this.outbox.write(em, { template: 'account-deleted', recipient, locale });
    }
    if (this.env.DELETED_EMAIL_HOLD > 0) {
      for (const address of new Set(owned)) await this.held.hold(em, address, this.env.DELETED_EMAIL_HOLD, null);
    }
    await this.sessions.revoke(em, userId, 'all', 'account_deleted');
    this.audit.record(em, 'user.deleted', { ...by, subjectId: userId });
    await em.flush();
    await this.audit.anonymise(em, userId);
    // Sessions, roles and tokens go with the row.
    await em.nativeDelete(User, userId);
  }
}
