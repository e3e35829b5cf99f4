import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Outbox } from '../mail/outbox.js';
import { MailBudget } from '../throttle/mail-budget.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';

/** The links that were sent, or wait to be sent, to an account. */
@Injectable()
export class AccountLinks {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly outbox: Outbox,
    private readonly mails: MailBudget,
  ) {}

  /** Makes all of them useless, in the transaction of what changes the account and holds its row. */
  async void(em: EntityManager, account: { id: string; email: string; emailVerified: boolean }): Promise<void> {
    await this.outbox.withdrawLinks(em, account);
    await this.tokens.voidLinks(em, account.id);
    // With none of them left to be renewed, the next request must send one. Not to an address that nobody has confirmed: a
    // stranger could fill it by changing an account of their own there.
    if (account.emailVerified) await this.mails.forget(['verify-email', 'reset-password', 'magic-link'], account.email);
  }
}
