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

/** One attempt as it was counted. Whoever takes it back hands it back: it is taken from where it was counted, and from nowhere else. */
export interface CountedAttempt {
  readonly key: string;
  /** Whether Redis counted it for all instances, or this one for itself. */
  readonly isShared: boolean;
  /** How many there are beyond the limit with it, 0 or less within it. */
  readonly excess: number;
  /** Seconds until there is room. Undefined within the limit. */
  readonly wait: number | undefined;
}

/** A counter that has ended is left alone: below 0 it would be more than its budget, and begin anew. */
const TAKE_BACK = `
  local count = tonumber(redis.call('GET', KEYS[1]))
  if count and count > 0 then redis.call('DECR', KEYS[1]) end
`;

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
 * gets no more than before, but for a budget of one.
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
    this.ownAttempts = client ? Math.max(1, Math.floor(points / 2)) : points;
  }

  /** How many counters an attacker has of two instances: two while Redis is away. */
  get counters(): 1 | 2 {
    return this.shared && !this.store.isReady ? 2 : 1;
  }

  /**
   * Counts one attempt, atomically, and as a refusal when there was no room. An attempt that is refused does not prolong the wait.
   *
   * @param seconds the window, when this attempt is the one that opens it
   */
  async spend(key: string, seconds?: number): Promise<CountedAttempt> {
    const attempt = await this.count(key, seconds);
    if (attempt.wait !== undefined) this.metrics.limitRefusals.inc({ limit: this.name });
    return attempt;
  }

  /** Counts one more, whatever the limit. */
  async count(key: string, seconds?: number): Promise<CountedAttempt> {
    const options = seconds === undefined ? {} : { customDuration: seconds };
    const counting = (limiter: RateLimiterRedis) => limiter.penalty(key, 1, options);
    // It has been counted here by then.
    const shared = await this.inShared(counting, () => this.takeBackInShared(key));
    if (shared) {
      const { consumedPoints, msBeforeNext } = shared.value;
      return attemptOf(key, true, consumedPoints - this.budget.attempts, msBeforeNext);
    }
    const { count, msLeft } = this.own.add(key, 1, seconds);
    return attemptOf(key, false, count - this.ownAttempts, msLeft);
  }

  /** Takes an attempt back. One that Redis counted stays while Redis is away: what is counted here are others. */
  async giveBack({ key, isShared }: CountedAttempt): Promise<void> {
    if (isShared) await this.inShared(() => this.takeBackInShared(key));
    else this.own.takeBack(key);
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

  private async takeBackInShared(key: string): Promise<void> {
    if (this.shared) await this.store.client?.eval(TAKE_BACK, 1, this.shared.getKey(key));
  }

  /**
   * @param late what to do when the command is carried out after all
   * @returns undefined when this instance has to count for itself
   */
  private async inShared<T>(
    command: (limiter: RateLimiterRedis) => Promise<T>,
    late: () => Promise<void> = () => Promise.resolve(),
  ): Promise<{ value: T } | undefined> {
    if (!this.shared) return undefined;
    if (this.store.isReady) {
      const answer = command(this.shared);
      try {
        return { value: await this.store.within(answer) };
      } catch {
        // As if it were away.
        void answer.then(late).catch(() => undefined);
      }
    }
    this.metrics.redisFallbacks.inc({ use: 'limits' });
    return undefined;
  }
}

function attemptOf(key: string, isShared: boolean, excess: number, msLeft: number): CountedAttempt {
  const wait = excess > 0 ? Math.max(1, Math.ceil(msLeft / 1000)) : undefined;
  return { key, isShared, excess, wait };
}
