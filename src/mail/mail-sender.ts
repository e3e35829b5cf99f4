import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { MailAttempts } from './mail-attempts.js';
import { dueAt, LEASE_MS } from './mail-schedule.js';
import { Mail } from './mail.entity.js';

/**
 * How often an instance looks. Nobody wakes it: what a request sets off at once can be measured by whoever sent it, and
 * shows whether there is an account (ASVS 6.3.8).
 */
const TICK_MS = 1_000;
/** How many are on their way out of one instance at a time. */
const PARALLEL = 5;
/**
 * Takes mails out of the outbox. Every instance looks; a mail is taken by one conditional UPDATE, so one of them sends it.
 * Who dies before the mail server has answered gives the mail up when its lease is over, and it is sent once more under
 * the same Message-ID: SMTP has no way to ask whether it had arrived.
 */
@Injectable()
export class MailSender implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(MailSender.name);
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    private readonly attempts: MailAttempts,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'JOBS_ENABLED'>,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.JOBS_ENABLED) this.running = this.loop();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.underWay);
  }

  /** Tries everything that is due once. */
  async sendDue(): Promise<void> {
    let taken: number;
    do {
      taken = await this.takeDue();
      await Promise.all(this.underWay);
    } while (taken > 0);
  }

  private async loop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.takeDue();
      const tick = delay(TICK_MS, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
      // Whatever ends first leaves room for the next mail.
      await Promise.race([tick, ...this.underWay]);
    }
  }

  /** Begins to send as many as there is room for. @returns how many */
  private async takeDue(): Promise<number> {
    const room = PARALLEL - this.underWay.size;
    if (room === 0) return 0;
    try {
      const taken = await this.take(room);
      for (const id of taken) this.begin(id);
      return taken.length;
    } catch (error) {
      this.logger.warn({ err: error }, 'The outbox could not be read');
      return 0;
    }
  }

  private begin(id: string): void {
    const attempt = this.attempts.make(id).finally(() => this.underWay.delete(attempt));
    this.underWay.add(attempt);
  }

  private async take(most: number): Promise<string[]> {
    const em = this.em.fork();
    const now = this.clock.now();
    const waiting = await em.find(
      Mail,
      { failedAt: null, $or: dueAt(now) },
      { orderBy: { dueAt: 'asc' }, limit: most },
    );
    const taken: string[] = [];
    for (const { id, attempts, ...seen } of waiting) {
      const leased = { dueAt: new Date(now.getTime() + LEASE_MS), attempts: attempts + 1 };
      if ((await em.nativeUpdate(Mail, { id, dueAt: seen.dueAt, failedAt: null }, leased)) === 1) taken.push(id);
    }
    return taken;
  }
}
