import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { isAddressTaken } from '../auth/address-taken.js';
import { emailTaken } from '../auth/auth.errors.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { Outbox } from '../mail/outbox.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OneTimeTokens, type TokenClaim } from '../tokens/one-time-tokens.service.js';
import { normalizeEmail } from '../users/email.js';
import { choosePassword } from '../users/password-choice.js';
import type { User } from '../users/user.entity.js';
import { LinkUse } from './link-use.js';
import { WaysBack } from './ways-back.js';

/**
 * Gives an account back to the address that it was taken from. Nothing that a thief has goes on: sessions, links, further
 * changes of the address, and the password, which they may have known or set before the change.
 */
@Injectable()
export class EmailRevert {
  constructor(
    private readonly links: LinkUse,
    private readonly tokens: OneTimeTokens,
    private readonly waysBack: WaysBack,
    private readonly sessions: SessionsService,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `ONE_TIME_TOKEN_INVALID`; `EMAIL_TAKEN` when another account has the address, although it was held */
  async revert(token: string, client: ClientInfo): Promise<true> {
    try {
      await this.links.use(token, 'email_revert', async (em, user, claim) => {
        await this.undo(em, user, claim);
        await this.sessions.revoke(em, user.id, 'all', 'email_change_reverted');
        this.audit.record(em, 'user.email_change_reverted', { subjectId: user.id, client });
      });
    } catch (error) {
      // Whoever has the link reads the mails of the address: this tells them nothing about somebody else.
      if (isAddressTaken(error)) throw emailTaken('token');
      throw error;
    }
    return true;
  }

  private async undo(em: EntityManager, user: User, claim: TokenClaim): Promise<void> {
    await this.tokens.voidLinks(em, user.id);
    await this.outbox.withdrawLinks(em, user);
    // The version before has written domains that are not in ASCII.
    const email = normalizeEmail(claim.email);
    await this.waysBack.take(em, user, email);
    user.email = email;
    user.emailVerified = true;
    choosePassword(user, null, this.clock.now());
    // The way to a new one, for the owner alone: whoever lost the account has nothing left by which to void this link.
    const { id: userId, locale = null } = user;
    this.outbox.write(em, { template: 'reset-password', recipient: email, userId, locale });
  }
}
