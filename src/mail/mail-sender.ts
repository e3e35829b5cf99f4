import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { parseId } from '../common/ids.js';
import { ENV, type Env } from '../config/env.js';
import { MailAttempts, type TakenMail } from './mail-attempts.js';
import { dueAt, LEASE_MS } from './mail-schedule.js';
import { Mail } from './mail.entity.js';

/**
 * How often an instance looks while nothing waits. Nobody wakes it: what a request sets off at once can be measured by whoever
 * sent it, and shows whether there is an account (ASVS 6.3.8).
 */
const TICK_MS = 1_000;

/**
 * Milliseconds from one mail to the next. Each has its turn, whether its recipient turns out to have an account or not: a mail that
 * waits behind others tells its recipient nothing about theirs.
 */
export const PACE_MS = 50;

/**
 * Of each network the first mail, then of each the second one (`Outbox.ask`). Nothing is read but what it takes to take it: one
 * row that cannot be read would stop all others.
 */
const NEXT = {
  orderBy: { turn: 'asc', dueAt: 'asc' },
  fields: ['attempts'],
  limit: 1,
  disableIdentityMap: true,
} as const;

/** More than come about in any time that mails are tried for. */
const MOST_ATTEMPTS = 1_000_000;

/** How many are on their way out of one instance at a time: so many as begin while a mail server takes 5 s for each. */
const MOST_UNDER_WAY = 100;

/** How long an instance that stops waits for the answers of the mail server: less than `SHUTDOWN_TIMEOUT`. */
const FAREWELL_MS = 20_000;

/**
 * Takes mails out of the outbox. Every instance looks; a mail is taken by one conditional UPDATE, so one of them sends it.
 * Who dies before the mail server has answered gives the mail up when its lease is over, and it is sent once more under
 * the same Message-ID: SMTP has no way to ask whether it had arrived.
 */
@Injectable()
export class MailSender implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(MailSender.name);
  private readonly stopping = new AbortController();
  private readonly cutOff = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private readonly leftOut = new Set<string>();
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
    const allDone = Promise.all(this.underWay);
    await Promise.race([allDone, delay(FAREWELL_MS, undefined, { ref: false })]);
    this.cutOff.abort();
    await allDone;
  }

  /** Tries everything that is due once, as fast as it goes, and what has become due meanwhile. */
  async sendDue(): Promise<void> {
    while (await this.beginNext()) {
      while (await this.beginNext());
      await Promise.all(this.underWay);
    }
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const wait = (await this.beginNext()) ? PACE_MS : TICK_MS;
      await delay(wait, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  /** Begins to send the next one that is due. @returns false when there is none */
  private async beginNext(): Promise<boolean> {
    while (this.underWay.size >= MOST_UNDER_WAY) await Promise.race(this.underWay);
    try {
      const taken = await this.take();
      if (taken) this.begin(taken);
      return taken !== undefined;
    } catch (error) {
      this.logger.warn({ err: error }, 'The outbox could not be read');
      return false;
    }
  }

  private begin(taken: TakenMail): void {
    const attempt = this.attempts.make(taken, this.cutOff.signal).finally(() => this.underWay.delete(attempt));
    this.underWay.add(attempt);
  }

  private async take(): Promise<TakenMail | undefined> {
    const em = this.em.fork();
    const now = this.clock.now();
    const due = { failedAt: null, $or: dueAt(now) };
    // Past those that another instance was faster with, and those that nobody can take.
    for (let offset = 0; ; offset++) {
      const [mail] = await em.find(Mail, due, { ...NEXT, offset });
      if (!mail) return undefined;
      if (await this.lease(em, mail, now)) return { id: mail.id, attempts: nextOf(mail.attempts) };
    }
  }

  /** By its attempts, which are counted up each time: its moment can be one that no server writes. */
  private async lease(em: EntityManager, { id, attempts }: Pick<Mail, 'id' | 'attempts'>, now: Date): Promise<boolean> {
    // A mail that is on its way has not failed: `mail retry` leaves it alone.
    const leased = { dueAt: new Date(now.getTime() + LEASE_MS), attempts: nextOf(attempts), lastError: null };
    if ((await em.nativeUpdate(Mail, { id, attempts, failedAt: null }, leased)) === 1) return true;
    if (parseId(id) === undefined || !Number.isSafeInteger(attempts)) this.leaveOut(id);
    return false;
  }

  private leaveOut(mailId: string): void {
    if (this.leftOut.has(mailId)) return;
    this.leftOut.add(mailId);
    this.logger.warn({ mailId }, 'A row of the outbox holds what no server writes, and is left out: delete it');
  }
}

/** A number that no server writes begins anew. */
const nextOf = (attempts: number): number => (attempts < MOST_ATTEMPTS ? attempts + 1 : 1);
