import { Logger } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import type { Metrics } from '../telemetry/metrics.js';

/** A job is overdue when it was not done for so many of its periods, and not before a minute is over. */
const PERIODS = 3;
const AT_LEAST_MS = 60_000;

interface Sight {
  /** When the job was last seen to be done, and the operator last told that it is not. Both by `Clock.elapsed`. */
  doneAt: number;
  toldAt: number;
  /** What its row said of its last run when it was last read. */
  lastRun: number | undefined;
}

/** What is watched of a job. */
interface Watched {
  readonly name: string;
  readonly everySeconds: number;
}

/**
 * Says loudly which jobs are not done. Neither the clock nor the rows of the jobs are believed: who can write to the database
 * can make each run look like the first one after a leap, or keep a row locked.
 */
export class JobWatch {
  private readonly logger = new Logger('Jobs');
  private readonly sights = new Map<string, Sight>();

  constructor(
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** This process has done the job. */
  done(name: string): void {
    this.sightOf(name).doneAt = this.clock.elapsed();
  }

  /** The row says that the job was done, perhaps by another instance: it was, if the row has not said so before. */
  read(name: string, lastRunAt: Date | null | undefined): void {
    const sight = this.sightOf(name);
    const lastRun = lastRunAt?.getTime();
    if (lastRun !== sight.lastRun && sight.lastRun !== undefined) this.done(name);
    sight.lastRun = lastRun;
  }

  /** Tells of the job when it is overdue, and again after as long. */
  look({ name, everySeconds }: Watched): void {
    const sight = this.sightOf(name);
    const now = this.clock.elapsed();
    const limit = Math.max(PERIODS * everySeconds * 1000, AT_LEAST_MS);
    const isOverdue = now - sight.doneAt >= limit;
    this.metrics.jobOverdue.set({ job_name: name }, isOverdue ? 1 : 0);
    if (!isOverdue || now - Math.max(sight.toldAt, sight.doneAt) < limit) return;
    sight.toldAt = now;
    const seconds = Math.floor((now - sight.doneAt) / 1000);
    this.logger.error(
      `The job ${name} has not been done for ${seconds} s, although it is due every ${everySeconds} s (docs/operations/jobs.md)`,
    );
  }

  private sightOf(name: string): Sight {
    const now = this.clock.elapsed();
    const sight = this.sights.get(name) ?? { doneAt: now, toldAt: now, lastRun: undefined };
    this.sights.set(name, sight);
    return sight;
  }
}
