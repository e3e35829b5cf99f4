import { EntityManager, ref } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, SKEW_MS } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import type { User } from '../users/user.entity.js';
import { OneTimeToken } from './one-time-token.entity.js';
import { oneTimeToken, oneTimeTokenHash, type TokenPurpose } from './one-time-token.js';

/** How long after it was asked for a link can be renewed. Seconds. */
export const RENEWABLE_FOR = 3_600;

/** The mail that carries the token. */
export interface TokenMail {
  readonly salt: string;
  readonly createdAt: Date;
  /** How often it was tried, with this time. */
  readonly attempts: number;
  /** The session in which it was asked for. */
  readonly sessionId?: string | null | undefined;
}

export interface TokenGrant {
  readonly purpose: TokenPurpose;
  readonly user: User;
  /** The address that it is about. */
  readonly email: string;
  readonly lifetimeSeconds: number;
}

/** A token that goes out. */
export interface IssuedToken {
  readonly token: string;
  /** How long it works from now on. */
  readonly lifetimeSeconds: number;
}

/** What a token is good for, as long as nobody has used it. */
export interface TokenClaim {
  readonly hash: string;
  readonly userId: string;
  readonly email: string;
  readonly createdAt: Date;
}

/**
 * One-time tokens: what the links in mails carry. Only their hash is stored; one is used by one conditional UPDATE. Whoever
 * issues, uses or voids one holds the row of its account, so that these happen one after the other.
 */
@Injectable()
export class OneTimeTokens {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET'>,
  ) {}

  /**
   * The token of a mail, the same at each attempt to send it: none revives a token that was used. It takes the place of its older
   * rivals. Undefined when it was used or is over, or a younger rival is there: then the mail is of no use any more.
   */
  async issue(em: EntityManager, grant: TokenGrant, mail: TokenMail): Promise<IssuedToken | undefined> {
    const { purpose, lifetimeSeconds } = grant;
    const token = oneTimeToken(this.env.JWT_SECRET, mail.salt, purpose);
    const hash = oneTimeTokenHash(token) ?? '';
    const known = await em.findOne(OneTimeToken, hash);
    // A mail that was tried before and has no token: a younger one took its place, and may have been used since.
    const hasGivenWay = !known && mail.attempts > 1;
    const younger = { createdAt: { $gt: mail.createdAt, $lte: this.latest() } };
    const competing = rivalsOf(grant, hash, hasGivenWay);
    if (competing && (await em.count(OneTimeToken, { ...competing, ...younger })) > 0) return undefined;
    const expiresAt = this.endOf(grant, mail, known);
    const left = (expiresAt.getTime() - this.clock.now().getTime()) / 1000;
    if (known?.usedAt || left <= 0) return undefined;
    const rivals = rivalsOf(grant, hash);
    if (rivals) await em.nativeDelete(OneTimeToken, rivals);
    if (known) known.expiresAt = expiresAt;
    else this.add(em, hash, grant, mail, expiresAt);
    return { token, lifetimeSeconds: Math.min(lifetimeSeconds, Math.ceil(left / 60) * 60) };
  }

  /**
   * Begins the lifetime of a link anew that was sent already, over or not, if it was asked for in the hour before: from then on it is what
   * this session has asked for. A link that was used or voided stays so.
   *
   * @returns how many there were
   */
  async renew(em: EntityManager, grant: TokenGrant, asked: TokenMail): Promise<number> {
    const { purpose, user, email } = grant;
    const since = new Date(asked.createdAt.getTime() - RENEWABLE_FOR * 1000);
    const sent = { user: user.id, purpose, email, usedAt: null, createdAt: { $gte: since } };
    const expiresAt = this.endOf(grant, asked, null);
    return em.nativeUpdate(OneTimeToken, sent, { expiresAt, sessionId: asked.sessionId ?? null });
  }

  /** What an unused token is for, without using it. */
  async find(em: EntityManager, token: string, purpose: TokenPurpose): Promise<TokenClaim | undefined> {
    const hash = oneTimeTokenHash(token);
    const row = hash === undefined ? null : await em.findOne(OneTimeToken, this.usable(hash, purpose));
    return row ? { hash: row.hash, userId: row.user.id, email: row.email, createdAt: row.createdAt } : undefined;
  }

  /** The hash of a token that could be used now, whatever for. */
  async hashOfUsable(token: string): Promise<string | undefined> {
    const hash = oneTimeTokenHash(token);
    if (hash === undefined) return undefined;
    const where = { hash, usedAt: null, expiresAt: { $gt: this.clock.now() } };
    return (await this.em.fork().count(OneTimeToken, where)) > 0 ? hash : undefined;
  }

  /** True for one caller alone, however many there are. */
  async use(em: EntityManager, { hash }: TokenClaim, purpose: TokenPurpose): Promise<boolean> {
    return (await em.nativeUpdate(OneTimeToken, this.usable(hash, purpose), { usedAt: this.clock.now() })) === 1;
  }

  /**
   * Voids what was sent before a reset of the password, or before the address changed (ASVS 6.4.1). An address that a change
   * was taken from keeps its right to take it back, for that is what a thief of the account would void first.
   */
  async voidLinks(em: EntityManager, userId: string): Promise<void> {
    await em.nativeDelete(OneTimeToken, { user: userId, purpose: { $ne: 'email_revert' }, usedAt: null });
  }

  /** Voids the links that take a change of address back, but for those of the addresses that are kept. */
  async voidReverts(em: EntityManager, userId: string, isKept: (email: string) => boolean): Promise<void> {
    const links = await em.find(OneTimeToken, { user: userId, purpose: 'email_revert' });
    const ended = links.filter(({ email }) => !isKept(email)).map(({ hash }) => hash);
    await em.nativeDelete(OneTimeToken, { hash: { $in: ended } });
  }

  /** Since when which addresses have a link that takes a change back, whether it is over, is just being used, or neither. */
  async reverts(em: EntityManager, userId: string): Promise<{ email: string; createdAt: Date; isOver: boolean }[]> {
    const links = await em.find(OneTimeToken, { user: userId, purpose: 'email_revert' });
    const now = this.clock.now();
    return links.map(({ email, createdAt, expiresAt }) => ({ email, createdAt, isOver: expiresAt <= now }));
  }

  /**
   * Each attempt to send a mail begins the lifetime of its token anew, but not that of a change of address, which begins with the request: a
   * thief whose own mail server refuses the mail again and again would keep it.
   */
  private endOf({ purpose, lifetimeSeconds }: TokenGrant, mail: TokenMail, known: OneTimeToken | null): Date {
    const isOfRequest = purpose === 'email_change';
    if (isOfRequest && known) return known.expiresAt;
    const begin = isOfRequest ? mail.createdAt : this.clock.now();
    return new Date(begin.getTime() + lifetimeSeconds * 1000);
  }

  private add(em: EntityManager, hash: string, grant: TokenGrant, mail: TokenMail, expiresAt: Date): void {
    const { purpose, user, email } = grant;
    const { createdAt, sessionId = null } = mail;
    em.create(OneTimeToken, { hash, purpose, user: ref(user), email, sessionId, createdAt, expiresAt });
  }

  /** One that was asked for in the future is of a clock that was set back since, and would last longer. The way back is not lost by that. */
  private usable(hash: string, purpose: TokenPurpose) {
    const asked = purpose === 'email_revert' ? {} : { createdAt: { $lte: this.latest() } };
    return { hash, purpose, usedAt: null, expiresAt: { $gt: this.clock.now() }, ...asked };
  }

  /** No token was asked for later. */
  private latest(): Date {
    return new Date(this.clock.now().getTime() + SKEW_MS);
  }
}

/** Of which tokens only the youngest counts. */
function rivalsOf({ purpose, user, email }: TokenGrant, hash: string, orUsed = false) {
  // The way back into an account: anybody can ask for one, and must not take by that the one which its owner has. The
  // first that is used voids the others, as does a change of the address.
  if (purpose === 'password_reset') return undefined;
  const others = { user: user.id, purpose, hash: { $ne: hash } };
  // Each address can take back its own change, and that is used up for those that it was asked for before.
  if (purpose === 'email_revert') return { ...others, email };
  // One that was used is no rival, though it may look younger when a clock was set back. Its row stays: its own mail, tried
  // again, must not revive it.
  return orUsed ? others : { ...others, usedAt: null };
}
