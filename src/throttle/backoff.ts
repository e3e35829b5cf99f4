import type { CountedAttempt, Limiter, Limiters } from './limiter.js';
import type { BackoffLimits } from './limits.js';

/**
 * Exponential back-off: so many attempts at once, then one for each delay, and each delay twice as long as the one
 * before. Each step is one atomic count, so parallel attempts never get more than their number. An instance that counts for two has
 * half of the attempts at once, and each of its delays is two of them: both together are never ahead of one.
 */
export class Backoff {
  private readonly atOnce: Limiter;
  /** Holds one attempt: whoever takes it closes it for everybody until the delay is over. */
  private readonly gate: Limiter;
  /** How many delays there were. */
  private readonly delays: Limiter;
  private readonly longestDelay: number;

  constructor(limiters: Limiters, name: string, { atOnce, memory, longestDelay }: BackoffLimits) {
    // The last of the attempts at once is the first one to close the gate behind it.
    this.atOnce = limiters.create(`${name}:at-once`, { attempts: atOnce - 1, seconds: memory });
    this.gate = limiters.create(`${name}:gate`, { attempts: 1, seconds: 2 * longestDelay });
    this.delays = limiters.create(`${name}:delays`, { attempts: Number.MAX_SAFE_INTEGER, seconds: memory });
    this.longestDelay = longestDelay;
  }

  /** Counts an attempt before it is made. It may be made when there is no `wait`. */
  async admit(key: string): Promise<CountedAttempt> {
    const attempt = await this.atOnce.spend(key);
    if (attempt.wait === undefined) return attempt;
    const { counters } = this.gate;
    const first = counters * (await this.delays.countOf(key));
    const seconds = this.delay(first) + (counters === 2 ? this.delay(first + 1) : 0);
    const { wait } = await this.gate.spend(key, seconds);
    if (wait === undefined) await this.delays.count(key);
    return { ...attempt, wait };
  }

  /** Takes one attempt back: it was no failure, or was not made after all. */
  async giveBack(attempt: CountedAttempt): Promise<void> {
    await this.atOnce.giveBack(attempt);
  }

  /** Forgets everything about the key. */
  async forget(key: string): Promise<void> {
    await Promise.all([this.atOnce, this.gate, this.delays].map((limiter) => limiter.forget(key)));
  }

  private delay(index: number): number {
    return Math.min(2 ** index, this.longestDelay);
  }
}
