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

  /** Makes all of them useless, in the transaction of what changes the account and holds its row. */
  async void(em: EntityManager, account: { id: string; email: string }): Promise<void> {
    await this.tokens.voidLinks(em, account.id);
    await this.outbox.withdrawLinks(em, account);
  }
}
