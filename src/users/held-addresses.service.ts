import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { createHmac, hkdfSync } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { FormerAddress } from './former-address.entity.js';
import { HeldAddress } from './held-address.entity.js';

/**
 * Keeps addresses that no account has from being taken: those of deleted accounts (`DELETED_EMAIL_HOLD`), and those that
 * may take back a change of address, or whoever made the change could sign up there and be in the way.
 */
@Injectable()
export class HeldAddresses {
  constructor(
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {}

  /** @param userId who may have the address all the same */
  async hold(em: EntityManager, email: string, seconds: number, userId: string | null): Promise<void> {
    const until = new Date(this.clock.now().getTime() + seconds * 1000);
    await em.upsert(HeldAddress, { digest: digestOf(email, this.env.JWT_SECRET), until, userId });
  }

  /** @param userId of the account that wants it */
  async isHeld(em: EntityManager, email: string, userId?: string): Promise<boolean> {
    const until = { $gt: this.clock.now() };
    const holds = await em.find(HeldAddress, { digest: { $in: this.digests(email) }, until });
    if (holds.some((hold) => hold.userId === null || hold.userId !== userId)) return true;
    const former = await em.find(FormerAddress, { email, isConfirmed: true, until });
    return former.some(({ user }) => user.id !== userId);
  }

  /** Which of these addresses no new account can have. Two statements for any number of them. */
  async heldOf(em: EntityManager, emails: readonly string[]): Promise<ReadonlySet<string | undefined>> {
    const emailOf = new Map(emails.flatMap((email) => this.digests(email).map((digest) => [digest, email])));
    const until = { $gt: this.clock.now() };
    const holds = await em.find(HeldAddress, { digest: { $in: [...emailOf.keys()] }, until });
    const former = await em.find(FormerAddress, { email: { $in: [...emails] }, isConfirmed: true, until });
    return new Set([...holds.map(({ digest }) => emailOf.get(digest)), ...former.map(({ email }) => email)]);
  }

  /** Every address that is kept for this account, but for these. */
  async releaseOf(em: EntityManager, userId: string, kept: readonly string[]): Promise<void> {
    await em.nativeDelete(HeldAddress, { userId, digest: { $nin: kept.flatMap((email) => this.digests(email)) } });
  }

  private digests(email: string): string[] {
    return [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS].map((secret) => digestOf(email, secret));
  }
}

function digestOf(email: string, secret: string): string {
  const key = hkdfSync('sha256', secret, '', 'latchkey/held-address', 32);
  return createHmac('sha256', new Uint8Array(key)).update(email).digest('base64url');
}
