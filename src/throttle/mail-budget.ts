import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { AccountDigests } from './account-digests.js';
import { type Limiter, Limiters } from './limiter.js';
import { type BudgetedMail, MAIL_BUDGETS, MAIL_FOR_NO_LINK } from './limits.js';

/** Where a mail stands in its budget: within it, the first one beyond it, or further beyond. */
export type MailStanding = 'within' | 'first-beyond' | 'beyond';

/**
 * Counts the mails to an account. A budget that strangers can use up by naming an address must refuse nobody: it tells that
 * no further mail is to be sent, and the request has its usual answer.
 */
@Injectable()
export class MailBudget {
  private readonly limiters: ReadonlyMap<BudgetedMail, Limiter>;
  private readonly forNoLink: Limiter;

  constructor(
    limiters: Limiters,
    private readonly digests: AccountDigests,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {
    const mails = Object.keys(MAIL_BUDGETS) as BudgetedMail[];
    this.limiters = new Map(mails.map((mail) => [mail, limiters.create(`mail:${mail}`, MAIL_BUDGETS[mail])]));
    this.forNoLink = limiters.create('mail:for-no-link', MAIL_FOR_NO_LINK);
  }

  /** Counts one mail. @param recipient the normalised address, whether it has an account or not */
  async spend(mail: BudgetedMail, recipient: string): Promise<MailStanding> {
    const limiter = this.env.RATE_LIMITS_ENABLED ? this.limiters.get(mail) : undefined;
    if (!limiter) return 'within';
    const { excess } = await limiter.count(this.digests.of(recipient));
    if (excess <= 0) return 'within';
    return excess === 1 ? 'first-beyond' : 'beyond';
  }

  /** Counts one mail beyond the budget. @returns true when it may go out to the account, which has no link of this kind */
  async spendForNoLink(mail: BudgetedMail, recipient: string): Promise<boolean> {
    return (await this.forNoLink.count(`${mail}:${this.digests.of(recipient)}`)).excess <= 0;
  }

  /** Forgets the mails of these kinds: their recipient has used one. */
  async forget(mails: readonly BudgetedMail[], recipient: string): Promise<void> {
    if (!this.env.RATE_LIMITS_ENABLED) return;
    const key = this.digests.of(recipient);
    await Promise.all(mails.map(async (mail) => this.limiters.get(mail)?.forget(key)));
    await Promise.all(mails.map((mail) => this.forNoLink.forget(`${mail}:${key}`)));
  }
}
