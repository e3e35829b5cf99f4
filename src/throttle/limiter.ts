import { Injectable } from '@nestjs/common';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { Clock } from '../common/clock.js';
import { SharedStore } from '../store/shared-store.js';
import { Metrics } from '../telemetry/metrics.js';
import { OwnCounters } from './own-counters.js';

/** At most so many attempts within so many seconds. */
export interface LimiterBudget {
  readonly attempts: number;
  readonly seconds: number;
}

/** Makes the counters. With Redis all instances count together; keys are `limit:NAME:KEY`, and each expires by itself. */
@Injectable()
export class Limiters {
  constructor(
    private readonly store: SharedStore,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  create(name: string, budget: LimiterBudget): Limiter {
    return new Limiter(this.store, this.metrics, this.clock, name, budget);
  }
}

/**
 * One counter. While Redis is away each instance counts for itself, with half the budget: of two instances an attacker
 * gets no more than before.
 */
export class Limiter {
  private readonly shared: RateLimiterRedis | undefined;
  private readonly own: OwnCounters;
  private readonly ownAttempts: number;

  constructor(
    private readonly store: SharedStore,
    private readonly metrics: Metrics,
    clock: Clock,
    private readonly name: string,
    private readonly budget: LimiterBudget,
  ) {
    const { client } = store;
    const { attempts: points, seconds: duration } = budget;
    const keyPrefix = `limit:${name}`;
    this.shared = client && new RateLimiterRedis({ keyPrefix, duration, points, storeClient: client });
    this.own = new OwnCounters(clock, duration);
    this.ownAttempts = client ? Math.ceil(points / 2) : points;
  }

  /**
   * Counts one attempt, atomically. An attempt that is refused does not prolong the wait.
   *
   * @param seconds the window, when this attempt is the one that opens it
   * @returns undefined when there was room, otherwise the seconds until there is
   */
  async spend(key: string, seconds?: number): Promise<number | undefined> {
    const { excess, msLeft } = await this.count(key, seconds);
    if (excess <= 0) return undefined;
    this.metrics.limitRefusals.inc({ limit: this.name });
    return Math.max(1, Math.ceil(msLeft / 1000));
  }

  /** Counts one more, whatever the limit. @returns how many there are beyond it, 0 or less within it */
  async excess(key: string): Promise<number> {
    return (await this.count(key)).excess;
  }

  /** Takes one back, where something is counted: what was counted while Redis was away is not taken from what is counted there. */
  async giveBack(key: string): Promise<void> {
    if (this.own.countOf(key) > 0) this.own.takeBack(key);
    else await this.inShared((limiter) => limiter.reward(key));
  }

  async forget(key: string): Promise<void> {
    this.own.forget(key);
    await this.inShared((limiter) => limiter.delete(key));
  }

  async countOf(key: string): Promise<number> {
    const shared = await this.inShared((limiter) => limiter.get(key));
    if (!shared) return this.own.countOf(key);
    return shared.value && shared.value.msBeforeNext > 0 ? shared.value.consumedPoints : 0;
  }

  private async count(key: string, seconds?: number): Promise<{ excess: number; msLeft: number }> {
    const options = seconds === undefined ? {} : { customDuration: seconds };
    const shared = await this.inShared((limiter) => limiter.penalty(key, 1, options));
    if (shared) {
      const { consumedPoints, msBeforeNext } = shared.value;
      return { excess: consumedPoints - this.budget.attempts, msLeft: msBeforeNext };
    }
    const { count, msLeft } = this.own.add(key, 1, seconds);
    return { excess: count - this.ownAttempts, msLeft };
  }

  /** @returns undefined when this instance has to count for itself */
  private async inShared<T>(command: (limiter: RateLimiterRedis) => Promise<T>): Promise<{ value: T } | undefined> {
    if (!this.shared) return undefined;
    if (this.store.isReady) {
      try {
        return { value: await this.store.within(command(this.shared)) };
      } catch {
        // As if it were away.
      }
    }
    this.metrics.redisFallbacks.inc({ use: 'limits' });
    return undefined;
  }
}
