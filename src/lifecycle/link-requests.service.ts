import { Inject, Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-info.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { Outbox } from '../mail/outbox.js';
import { MailBudget } from '../throttle/mail-budget.js';
import { magicLinksOff } from './lifecycle.errors.js';

/**
 * Takes requests for links from anybody, for any address. Nothing is looked up here: whether there is an account shows
 * in nothing but the mail, which its owner alone reads (ASVS 6.3.8). Nobody is refused because somebody else has asked: beyond the
 * mails of an hour, the link that was sent last works for its whole time again.
 */
@Injectable()
export class LinkRequests {
  constructor(
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly mails: MailBudget,
    @Inject(ENV) private readonly env: Pick<Env, 'MAGIC_LINKS_ENABLED'>,
  ) {}

  async request(
    template: 'verify-email' | 'reset-password' | 'magic-link',
    recipient: string,
    client: ClientInfo,
  ): Promise<true> {
    if (template === 'magic-link' && !this.env.MAGIC_LINKS_ENABLED) throw magicLinksOff();
    const { locale, ipAddress, userAgent } = client;
    const isWithin = (await this.mails.spend(template, recipient)) === 'within';
    const facts = { ipAddress, userAgent, ...(!isWithin && { renews: true }) };
    await this.transactions.runApart((em) => this.outbox.ask(em, { template, recipient, locale, facts }, client));
    return true;
  }
}
