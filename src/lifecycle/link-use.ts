import { EntityManager, LockMode } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { MailBudget } from '../throttle/mail-budget.js';
import type { TokenPurpose } from '../tokens/one-time-token.js';
import { OneTimeTokens, type TokenClaim } from '../tokens/one-time-tokens.service.js';
import { oneTimeTokenInvalid } from '../tokens/token.errors.js';
import { User } from '../users/user.entity.js';
import { MAILS_WITH_LINK } from './links.js';

/** About the address that the account has; the others are about one that it had or is to have. */
const ABOUT_PRESENT_ADDRESS: readonly TokenPurpose[] = ['email_verification', 'password_reset', 'magic_link'];

/** Uses the token of a link once, together with what it is for, in one transaction that holds the account's row. */
@Injectable()
export class LinkUse {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly tokens: OneTimeTokens,
    private readonly mails: MailBudget,
  ) {}

  /**
   * What `work` throws leaves the token as it is.
   *
   * @throws AppError `ONE_TIME_TOKEN_INVALID`, one answer for everything that can be wrong with a token
   */
  async use<T>(
    token: string,
    purpose: TokenPurpose,
    work: (em: EntityManager, user: User, claim: TokenClaim) => Promise<T>,
  ): Promise<T> {
    const outcome = await this.transactions.runApart(async (em) => {
      const claim = await this.tokens.find(em, token, purpose);
      const user = claim && (await this.hold(em, claim, purpose));
      if (!user || !(await this.tokens.use(em, claim, purpose))) return undefined;
      return { result: await work(em, user, claim), recipient: claim.email };
    });
    if (!outcome) throw oneTimeTokenInvalid();
    // What strangers asked for must not keep the next link from somebody who reads these mails.
    const mail = MAILS_WITH_LINK[purpose];
    if (mail) await this.mails.forget([mail], outcome.recipient);
    return outcome.result;
  }

  /** What a good token is for. Uses nothing up. */
  async claimOf(token: string, purpose: TokenPurpose): Promise<TokenClaim> {
    const claim = await this.tokens.find(this.em.fork(), token, purpose);
    if (!claim) throw oneTimeTokenInvalid();
    return claim;
  }

  private async hold(em: EntityManager, claim: TokenClaim, purpose: TokenPurpose): Promise<User | undefined> {
    const where = { id: claim.userId, disabledAt: null };
    const user = await em.findOne(User, where, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const isMeant = user && (!ABOUT_PRESENT_ADDRESS.includes(purpose) || user.email === claim.email);
    return isMeant ? user : undefined;
  }
}
