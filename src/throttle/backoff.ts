import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { createLimiter, spend } from './limiter.js';
import type { BackoffLimits } from './limits.js';

/**
 * Exponential back-off: so many attempts at once, then one for each delay, and each delay twice as long as the one
 * before. Each step is one atomic count, so parallel attempts never get more than their number.
 */
export class Backoff {
  private readonly atOnce: RateLimiterAbstract;
  /** Holds one attempt: whoever takes it closes it for everybody until the delay is over. */
  private readonly gate: RateLimiterAbstract;
  /** How many delays there were. */
  private readonly delays: RateLimiterAbstract;
  private readonly longestDelay: number;

  constructor(name: string, { atOnce, memory, longestDelay }: BackoffLimits) {
    // The last of the attempts at once is the first one to close the gate behind it.
    this.atOnce = createLimiter(`${name}:at-once`, { attempts: atOnce - 1, seconds: memory });
    this.gate = createLimiter(`${name}:gate`, { attempts: 1, seconds: longestDelay });
    this.delays = createLimiter(`${name}:delays`, { attempts: Number.MAX_SAFE_INTEGER, seconds: memory });
    this.longestDelay = longestDelay;
  }

  /** Counts an attempt before it is made. @returns undefined when it may be made, otherwise the seconds to wait */
  async admit(key: string): Promise<number | undefined> {
    if ((await spend(this.atOnce, key)) === undefined) return undefined;
    const delay = Math.min(2 ** (await this.delaysOf(key)), this.longestDelay);
    const wait = await spend(this.gate, key, delay);
    if (wait === undefined) await this.delays.penalty(key);
    return wait;
  }

  /** Takes one attempt back: it was no failure, or was not made after all. */
  async giveBack(key: string): Promise<void> {
    await this.atOnce.reward(key);
  }

  /** Forgets everything about the key. */
  async forget(key: string): Promise<void> {
    await Promise.all([this.atOnce, this.gate, this.delays].map((limiter) => limiter.delete(key)));
  }

  private async delaysOf(key: string): Promise<number> {
    const count = await this.delays.get(key);
    return count && count.msBeforeNext > 0 ? count.consumedPoints : 0;
  }
}
