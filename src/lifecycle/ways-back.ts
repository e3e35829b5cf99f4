import { type EntityManager, ref } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { Mail } from '../mail/mail.entity.js';
import { Outbox } from '../mail/outbox.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { normalizeEmail } from '../users/email.js';
import { FormerAddress } from '../users/former-address.entity.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import type { User } from '../users/user.entity.js';
import { Links } from './links.js';

/** Of one account. Further ones have no way back: it is the first that protect its owner. */
const MOST_ADDRESSES = 20;

/** So long after the end of a right its link may still begin it anew: mails are late, and clocks differ. Milliseconds. */
const LATE_MS = 86_400_000;

/**
 * The right of an address to take the account back that was moved away from it (ADR 0034). An older right goes before a younger
 * one: who had the account before ends what came after. Everything here happens while the row of the account is locked.
 */
@Injectable()
export class WaysBack {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly outbox: Outbox,
    private readonly held: HeldAddresses,
    private readonly links: Links,
    private readonly clock: Clock,
  ) {}

  /** The account is about to move to this address: back, where it has a right there, or on, with a way back to the present one. */
  async move(em: EntityManager, user: User, email: string): Promise<void> {
    await this.adopt(em, user);
    if (await this.isOpen(em, user, email)) await this.goBack(em, user, email);
    else await this.leave(em, user);
  }

  /** The account goes back to this address by the link that was sent there. */
  async take(em: EntityManager, user: User, email: string): Promise<void> {
    await this.adopt(em, user);
    await this.goBack(em, user, email);
  }

  /**
   * Begins the time of a right anew, whose link is only being sent.
   *
   * @param mail of the change. However often it is tried, the right ends some day
   * @returns false when that was too long ago
   */
  async prolong(em: EntityManager, user: User, mail: Pick<Mail, 'recipient' | 'createdAt'>): Promise<boolean> {
    await this.adopt(em, user);
    const email = normalizeEmail(mail.recipient);
    const right = await em.findOne(FormerAddress, { user: user.id, email });
    const isLate = this.clock.now().getTime() > this.endFrom(mail.createdAt).getTime() + LATE_MS;
    if (!right || isLate) return false;
    right.until = this.endFrom(this.clock.now());
    await this.holdForFormerVersion(em, user.id, email);
    return true;
  }

  /** Nobody takes the account back any more. @returns the addresses that had a link, or were to get one */
  async endAll(em: EntityManager, user: User): Promise<string[]> {
    await this.adopt(em, user);
    const where = { user: user.id, isConfirmed: true, until: { $gt: this.clock.now() } };
    const former = await em.find(FormerAddress, where);
    await this.keep(em, user.id, []);
    return former.map(({ email }) => email);
  }

  /** Whether the account had this address before, and left it not too long ago. */
  private async isOpen(em: EntityManager, user: User, email: string): Promise<boolean> {
    return (await em.count(FormerAddress, { user: user.id, email, until: { $gt: this.clock.now() } })) > 0;
  }

  /**
   * Notes the address that the account leaves, and sends it a link; beyond `MOST_ADDRESSES` it is told alone. An address that was never
   * confirmed may be a stranger's: it is neither written to nor held, and its owner, who had the account first, can go back to it all the same.
   */
  private async leave(em: EntityManager, user: User): Promise<void> {
    const { id: userId, emailVerified: isConfirmed, locale = null } = user;
    const recipient = normalizeEmail(user.email);
    const open = await em.count(FormerAddress, { user: userId, until: { $gt: this.clock.now() } });
    const hasWayBack = open < MOST_ADDRESSES;
    if (hasWayBack) await this.note(em, user, recipient, isConfirmed);
    if (!isConfirmed) return;
    if (hasWayBack) await this.holdForFormerVersion(em, userId, recipient);
    this.outbox.write(em, { template: hasWayBack ? 'email-changed' : 'email-left', recipient, userId, locale });
  }

  /** The way back to this address is used up, those that came after it end, and the address that is left has none. */
  private async goBack(em: EntityManager, user: User, email: string): Promise<void> {
    const { id: userId, email: recipient, locale = null } = user;
    const former = await em.find(FormerAddress, { user: userId });
    const { rank = 0 } = former.find((address) => address.email === normalizeEmail(email)) ?? {};
    const older = former.filter((address) => address.rank < rank);
    await this.keep(em, userId, older);
    if (user.emailVerified) this.outbox.write(em, { template: 'email-moved-back', recipient, userId, locale });
  }

  /**
   * Notes what the version before has done during an update, which gives and ends rights without a note: a link, or a mail that is to bring
   * one, is a right. What is over is not noted, and takes no place away: a clock that is ahead for a while says so of everything.
   */
  private async adopt(em: EntityManager, user: User): Promise<void> {
    const links = await this.tokens.reverts(em, user.id);
    const since = this.clock.now().getTime() - this.lifetime * 1000;
    const mails = (await this.outbox.changes(em, user.id)).map((mail) => ({
      ...mail,
      isOver: mail.createdAt.getTime() <= since,
    }));
    const given = [...links, ...mails].map((right) => ({ ...right, email: normalizeEmail(right.email) }));
    const known = given.map(({ email }) => email);
    await em.nativeDelete(FormerAddress, { user: user.id, isConfirmed: true, email: { $nin: known } });
    const noted = new Set((await em.find(FormerAddress, { user: user.id })).map(({ email }) => email));
    const inOrder = given.toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    for (const { email, createdAt, isOver } of inOrder) {
      if (isOver || noted.has(email)) continue;
      await this.note(em, user, email, true, createdAt);
      noted.add(email);
    }
  }

  private async keep(em: EntityManager, userId: string, addresses: readonly FormerAddress[]): Promise<void> {
    const kept = addresses.map(({ email }) => email);
    // The version before has written domains that are not in ASCII.
    const isKept = (email: string) => kept.includes(normalizeEmail(email));
    await em.nativeDelete(FormerAddress, { user: userId, email: { $nin: kept } });
    await this.tokens.voidReverts(em, userId, isKept);
    await this.outbox.withdrawChanges(em, userId, isKept);
    await this.held.releaseOf(em, userId, kept);
  }

  private async note(
    em: EntityManager,
    user: User,
    email: string,
    isConfirmed: boolean,
    left = this.clock.now(),
  ): Promise<void> {
    const former = await em.find(FormerAddress, { user: user.id });
    const known = former.find((address) => address.email === email);
    const place = { rank: 1 + Math.max(0, ...former.map(({ rank }) => rank)), isConfirmed, until: this.endFrom(left) };
    if (known) em.assign(known, place);
    else em.create(FormerAddress, { user: ref(user), email, ...place });
    await em.flush();
  }

  /** The row of the former address holds it. Instances of the version before, during an update, look here. */
  private holdForFormerVersion(em: EntityManager, userId: string, email: string): Promise<void> {
    return this.held.hold(em, email, this.lifetime, userId);
  }

  /** Seconds. */
  private get lifetime(): number {
    return this.links.lifetimeSeconds('email_revert');
  }

  private endFrom(left: Date): Date {
    return new Date(left.getTime() + this.lifetime * 1000);
  }
}
