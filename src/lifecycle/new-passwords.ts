import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AccountLinks } from '../auth/account-links.js';
import { Clock } from '../common/clock.js';
import { Outbox } from '../mail/outbox.js';
import type { User } from '../users/user.entity.js';

/** Gives an account another password, in the transaction that holds its row. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly links: AccountLinks,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Every link that was sent before is void, and the owner is told (ASVS 6.3.7), unless nobody has confirmed that the address
   * is theirs. Sessions are the caller's business.
   */
  async set(em: EntityManager, user: User, passwordHash: string): Promise<void> {
    user.passwordHash = passwordHash;
    user.passwordChangedAt = this.clock.now();
    await this.links.void(em, user);
    if (!user.emailVerified) return;
    const { id: userId, email: recipient, locale = null } = user;
    this.outbox.write(em, { template: 'password-changed', recipient, userId, locale });
  }
}
