import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Outbox } from '../mail/outbox.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';

/** The links that were sent, or wait to be sent, to an account. */
@Injectable()
export class AccountLinks {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Makes all of them useless, in the transaction of what changes the account and holds its row. The mails of the hour stay counted, or who
   * may change accounts would fill a mailbox; where they are used up, one goes out all the same (`MAIL_FOR_NO_LINK`).
   *
   * @param account as it was when they were sent
   */
  async void(em: EntityManager, account: { id: string; email: string }): Promise<void> {
    await this.outbox.withdrawLinks(em, account);
    await this.tokens.voidLinks(em, account.id);
  }
}
