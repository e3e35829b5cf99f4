import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { AccountsService } from '../auth/accounts.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { ENV, type Env } from '../config/env.js';
import { Outbox } from '../mail/outbox.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { User } from '../users/user.entity.js';
import { OwnAccount } from './own-account.js';
import { Reauthentication } from './reauthentication.js';

/**
 * Deletes an account with every personal datum of it. The audit trail stays, by ids alone. The address is free again after
 * `DELETED_EMAIL_HOLD`, of which a digest remains until then; one that was never confirmed is free at once.
 */
@Injectable()
export class AccountDeletion {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly account: OwnAccount,
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly tokens: OneTimeTokens,
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
    // Those that can take back a change of address, or wait to be told that they can, hear of it too: they cannot any more.
    const waiting = await this.outbox.withdrawAll(em, user);
    const former = [...(await this.tokens.addressesWithRevert(em, userId)), ...waiting];
    await this.held.releaseOf(em, userId);
    // An address that nobody has confirmed may be a stranger's: it is neither written to nor held against them.
    for (const recipient of new Set(emailVerified ? [email, ...former] : former)) {
      this.outbox.write(em, { template: 'account-deleted', recipient, locale });
    }
    const hold = this.env.DELETED_EMAIL_HOLD;
    if (hold > 0 && emailVerified) await this.held.hold(em, email, hold, null);
    await this.sessions.revoke(em, userId, 'all', 'account_deleted');
    this.audit.record(em, 'user.deleted', { ...by, subjectId: userId });
    await em.flush();
    await this.audit.anonymise(em, userId);
    // Sessions, roles and tokens go with the row.
    await em.nativeDelete(User, userId);
  }
}
