import { EntityManager, LockMode } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import { JobState } from './job.entity.js';
import { JobWatch } from './job-watch.js';

/** A clock that moved by more than this while no job ran has to prove itself for one period. */
const LEAP_MS = 86_400_000;

/** How often an instance looks for work. */
const TICK_MS = 1_000;

export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  /**
   * One batch, inside of the transaction that holds the job's lock: it uses `em` alone, for SQLite has one connection. It
   * may run again after a crash.
   *
   * @param now the time by which it is due. It looks at no clock itself: that one could have leaped since
   * @returns how many rows it handled, and whether there are more
   */
  run(em: EntityManager, now: Date): Promise<{ readonly rows: number; readonly hasMore: boolean }>;
}

/** What became of a batch: there is more, there is none, it failed, or the clock has leaped and it waits for a period. */
type Result = 'batch' | 'done' | 'failed' | 'put_off';

/**
 * Work that nobody waits for. Every instance looks for it; the lock on the job's row makes one of them do it, a batch in
 * each transaction, and an instance that dies gives it up by dying.
 */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JobRunner.name);
  private readonly jobs: Job[] = [];
  /** Epoch milliseconds before which this instance need not ask for a job again, by name. */
  private readonly notBefore = new Map<string, number>();
  private readonly stopping = new AbortController();
  private readonly watch: JobWatch;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Inject(ENV) private readonly env: Pick<Env, 'JOBS_ENABLED'>,
  ) {
    this.watch = new JobWatch(clock, metrics);
  }

  /** Called by the owners of the jobs while they start. */
  add(job: Job): void {
    this.jobs.push(job);
    // A figure that is absent until a job is done for the first time tells nobody that it never is.
    this.metrics.jobRuns.inc({ job_name: job.name, result: 'done' }, 0);
  }

  onApplicationBootstrap(): void {
    if (this.env.JOBS_ENABLED) this.running = this.loop();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Runs what is due, to its end. Of several instances that do this at once, each job runs on one. */
  async runDue(): Promise<void> {
    for (const job of this.jobs) {
      let result: Result | undefined;
      do {
        result = await this.tryBatch(job);
        if (result) this.metrics.jobRuns.inc({ job_name: job.name, result });
      } while (result === 'batch' && !this.stopping.signal.aborted);
      if (result === 'done') this.watch.done(job.name);
      this.watch.look(job);
    }
  }

  private async loop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.runDue();
      await delay(TICK_MS, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async tryBatch(job: Job): Promise<Result | undefined> {
    try {
      return await this.runBatch(job);
    } catch (error) {
      // It is due again at the next tick. One job's fault must not keep the others from running.
      this.logger.warn({ err: error }, `The job ${job.name} failed and will be tried again`);
      return 'failed';
    }
  }

  /** @returns undefined when the job is not due, or another instance runs it */
  private async runBatch(job: Job): Promise<Result | undefined> {
    const period = job.everySeconds * 1000;
    if (!isDue(this.notBefore.get(job.name) ?? 0, this.clock.now().getTime(), period)) return undefined;
    return this.em.fork().transactional(async (em) => {
      const state = await this.lock(em, job.name);
      if (!state) return undefined;
      makeReadable(state);
      // Not before the lock: another instance may have met a leap and put the job off since.
      const now = this.clock.now();
      const isAfterLeap = isLeap(state.lastRunAt, now.getTime(), period);
      if (!isDue(state.nextRunAt.getTime(), now.getTime(), period)) {
        this.notBefore.set(job.name, state.nextRunAt.getTime());
        if (!isAfterLeap) this.watch.read(job.name, state.lastRunAt);
        return undefined;
      }
      if (!isAfterLeap) {
        const { rows, hasMore } = await job.run(em, now);
        this.metrics.jobRows.inc({ job_name: job.name }, rows);
        if (hasMore) return 'batch';
      }
      this.reschedule(state, now, period);
      return isAfterLeap ? 'put_off' : 'done';
    });
  }

  private reschedule(state: JobState, now: Date, period: number): void {
    state.lastRunAt = now;
    state.nextRunAt = new Date(now.getTime() + period);
  }

  /** The job's row, or undefined while another instance holds it. */
  private async lock(em: EntityManager, name: string): Promise<JobState | undefined> {
    const skipLocked = { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE };
    const state = await em.findOne(JobState, name, skipLocked);
    if (state) return state;
    // New, or locked. An insert that finds it there changes nothing.
    const isNew = (await em.count(JobState, { name })) === 0;
    if (isNew) await em.upsert(JobState, { name, nextRunAt: new Date(0) }, { onConflictAction: 'ignore' });
    return isNew ? ((await em.findOne(JobState, name, skipLocked)) ?? undefined) : undefined;
  }
}

/** A row that holds what is no moment, such as `infinity`, is that of a job that has never run: it is due. */
function makeReadable(state: JobState): void {
  if (!isMoment(state.nextRunAt)) state.nextRunAt = new Date(0);
  if (state.lastRunAt && !isMoment(state.lastRunAt)) state.lastRunAt = null;
}

/** SQLite keeps a text where a moment belongs. */
const isMoment = (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime());

/**
 * True when nobody has run the job for very long, by the clock. Either no server was up, and one more period does no harm;
 * or the clock has leaped, and a purge that believed it would delete what is alive.
 */
function isLeap(lastRunAt: Date | null | undefined, now: number, period: number): boolean {
  return lastRunAt instanceof Date && now - lastRunAt.getTime() > Math.max(LEAP_MS, 2 * period);
}

/** A time further away than one period comes from a clock that was set back since. */
function isDue(nextRun: number, now: number, period: number): boolean {
  return nextRun <= now || nextRun > now + period;
}
