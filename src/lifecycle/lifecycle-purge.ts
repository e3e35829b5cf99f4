import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { Mail } from '../mail/mail.entity.js';
import { OneTimeToken } from '../tokens/one-time-token.entity.js';
import { RENEWABLE_FOR } from '../tokens/one-time-tokens.service.js';
import { FormerAddress } from '../users/former-address.entity.js';
import { HeldAddress } from '../users/held-address.entity.js';

/** How long a mail that was given up is there to be looked at, and tried again by hand, however often. Seconds. */
const FAILED_MAILS_KEPT = 30 * 86_400;

/** So far ahead a clock may be that runs this: what is over by it alone must not be lost (ADR 0017). Seconds. */
const CLOCK_AHEAD = 86_400;

/** Deletes what the life of accounts leaves behind: expired links, addresses that are free again, mails that were given up. */
@Injectable()
export class LifecyclePurge implements Job, OnModuleInit {
  readonly name = 'purge-links';
  readonly everySeconds = 3_600;

  constructor(
    private readonly jobs: JobRunner,
    @Inject(ENV) private readonly env: Pick<Env, 'MAIL_RETRY_FOR'>,
  ) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager, now: Date): Promise<{ rows: number; hasMore: boolean }> {
    const before = (seconds: number) => ({ $lt: new Date(now.getTime() - seconds * 1000) });
    // A mail that is still being tried must find its token, or it would bring one back that was used. So must a renewal.
    const kept = Math.max(this.env.MAIL_RETRY_FOR, RENEWABLE_FOR, CLOCK_AHEAD);
    const tokens = await em.nativeDelete(OneTimeToken, { expiresAt: before(kept), usedAt: null });
    // What was used is known as long as its mail can be tried again: that would bring the same token anew.
    const mailsKept = this.env.MAIL_RETRY_FOR + FAILED_MAILS_KEPT;
    const used = await em.nativeDelete(OneTimeToken, { expiresAt: before(mailsKept) });
    const holds = await em.nativeDelete(HeldAddress, { until: before(CLOCK_AHEAD) });
    // With its link: which of two addresses had the account first is known by its row alone.
    const former = await em.nativeDelete(FormerAddress, { until: before(kept) });
    const mails = await em.nativeDelete(Mail, { failedAt: { $ne: null }, createdAt: before(mailsKept) });
    return { rows: tokens + used + holds + former + mails, hasMore: false };
  }
}
