import { Injectable } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { SharedStore } from '../store/shared-store.js';
import { Metrics } from '../telemetry/metrics.js';

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
  ) {}

  create(name: string, budget: LimiterBudget): Limiter {
    return new Limiter(this.store, this.metrics, name, budget);
  }
}

/**
 * One counter. While Redis is away each instance counts for itself, with half the budget: of two instances an attacker
 * gets no more than before.
 */
export class Limiter {
  private readonly shared: RateLimiterAbstract | undefined;
  private readonly own: RateLimiterAbstract;

  constructor(
    private readonly store: SharedStore,
    private readonly metrics: Metrics,
    private readonly name: string,
    { attempts, seconds }: LimiterBudget,
  ) {
    const options = { keyPrefix: `limit:${name}`, duration: seconds };
    const { client } = store;
    this.shared = client && new RateLimiterRedis({ ...options, points: attempts, storeClient: client });
    this.own = new RateLimiterMemory({ ...options, points: client ? Math.ceil(attempts / 2) : attempts });
  }

  /**
   * Counts one attempt, atomically. An attempt that is refused does not prolong the wait.
   *
   * @param seconds the window, when this attempt is the one that opens it
   * @returns undefined when there was room, otherwise the seconds until there is
   */
  async spend(key: string, seconds?: number): Promise<number | undefined> {
    try {
      await this.use((limiter) => limiter.consume(key, 1, seconds === undefined ? {} : { customDuration: seconds }));
      return undefined;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      this.metrics.limitRefusals.inc({ limit: this.name });
      return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    }
  }

  /** Counts one more, whatever the limit. */
  async add(key: string): Promise<void> {
    await this.use((limiter) => limiter.penalty(key));
  }

  /** Counts one more, whatever the limit. @returns how many there are beyond it, 0 or less within it */
  async excess(key: string): Promise<number> {
    return this.use(async (limiter) => (await limiter.penalty(key)).consumedPoints - limiter.points);
  }

  /** Takes one back. */
  async giveBack(key: string): Promise<void> {
    await this.use((limiter) => limiter.reward(key));
  }

  async forget(key: string): Promise<void> {
    await this.use((limiter) => limiter.delete(key));
  }

  async countOf(key: string): Promise<number> {
    const count = await this.use((limiter) => limiter.get(key));
    return count && count.msBeforeNext > 0 ? count.consumedPoints : 0;
  }

  private async use<T>(command: (limiter: RateLimiterAbstract) => Promise<T>): Promise<T> {
    if (this.shared && this.store.isReady) {
      try {
        return await this.store.within(command(this.shared));
      } catch (error) {
        if (error instanceof RateLimiterRes) throw error;
      }
    }
    if (this.shared) this.metrics.redisFallbacks.inc({ use: 'limits' });
    return command(this.own);
  }
}
