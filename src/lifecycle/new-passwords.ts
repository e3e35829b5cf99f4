import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Outbox } from '../mail/outbox.js';
import { MailBudget } from '../throttle/mail-budget.js';
import { choosePassword } from '../users/password-choice.js';
import type { User } from '../users/user.entity.js';

/** Gives an account another password, in the transaction that holds its row. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly outbox: Outbox,
    private readonly mails: MailBudget,
    private readonly clock: Clock,
  ) {}

  /**
   * The owner is told (ASVS 6.3.7), some times in an hour, unless nobody has confirmed that the address is theirs. Sessions and
   * links are the caller's business: they depend on what the new password was proved by.
   */
  async set(em: EntityManager, user: User, passwordHash: string): Promise<void> {
    choosePassword(user, passwordHash, this.clock.now());
    if (!user.emailVerified) return;
    const { id: userId, email: recipient, locale = null } = user;
    if ((await this.mails.spend('password-changed', recipient)) !== 'within') return;
    this.outbox.write(em, { template: 'password-changed', recipient, userId, locale });
  }
}
