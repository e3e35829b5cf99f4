import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Outbox } from '../mail/outbox.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import type { User } from '../users/user.entity.js';
import { Links } from './links.js';

/** An address that can take the account back, and since when. */
export interface WayBack {
  readonly email: string;
  readonly createdAt: Date;
}

/**
 * The right of an address to take the account back that was moved away from it (ADR 0034). An older right goes before a younger
 * one: who had the account before ends what came after.
 */
@Injectable()
export class WaysBack {
  constructor(
    private readonly tokens: OneTimeTokens,
    private readonly outbox: Outbox,
    private readonly held: HeldAddresses,
    private readonly links: Links,
  ) {}

  /** Gives one to the address that the account is about to leave. Another than a confirmed one may be a stranger's: it has none. */
  async leave(em: EntityManager, user: User): Promise<void> {
    if (!user.emailVerified) return;
    const { id: userId, email: recipient, locale = null } = user;
    await this.held.hold(em, recipient, this.links.lifetimeSeconds('email_revert'), userId);
    this.outbox.write(em, { template: 'email-changed', recipient, userId, locale });
  }

  /** That of this address, if it has one: its link was sent, or waits to be. */
  async find(em: EntityManager, userId: string, email: string): Promise<WayBack | undefined> {
    const moments = [
      await this.tokens.revertableSince(em, userId, email),
      await this.outbox.changeSince(em, userId, email),
    ].flatMap((moment) => moment ?? []);
    const [createdAt] = moments.sort((one, other) => one.getTime() - other.getTime());
    return createdAt && { email, createdAt };
  }

  /** The account goes back to this address. Its way back is used up, those that came after it end, and the address that is left has none. */
  async take(em: EntityManager, user: User, { email, createdAt }: WayBack): Promise<void> {
    const { id: userId, email: recipient, locale = null } = user;
    await this.endSince(em, userId, createdAt);
    await this.held.release(em, email);
    if (user.emailVerified) this.outbox.write(em, { template: 'email-moved-back', recipient, userId, locale });
  }

  /** Nobody takes the account back any more. */
  async endAll(em: EntityManager, userId: string): Promise<void> {
    await this.endSince(em, userId, new Date(0));
    await this.held.releaseOf(em, userId);
  }

  private async endSince(em: EntityManager, userId: string, since: Date): Promise<void> {
    await this.tokens.voidReverts(em, userId, since);
    await this.outbox.withdrawChanges(em, userId, since);
  }
}
