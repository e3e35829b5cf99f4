import type { Limiter, Limiters } from './limiter.js';
import type { BackoffLimits } from './limits.js';

/**
 * Exponential back-off: so many attempts at once, then one for each delay, and each delay twice as long as the one
 * before. Each step is one atomic count, so parallel attempts never get more than their number.
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
    this.gate = limiters.create(`${name}:gate`, { attempts: 1, seconds: longestDelay });
    this.delays = limiters.create(`${name}:delays`, { attempts: Number.MAX_SAFE_INTEGER, seconds: memory });
    this.longestDelay = longestDelay;
  }

  /** Counts an attempt before it is made. @returns undefined when it may be made, otherwise the seconds to wait */
  async admit(key: string): Promise<number | undefined> {
    if ((await this.atOnce.spend(key)) === undefined) return undefined;
    const delay = Math.min(2 ** (await this.delays.countOf(key)), this.longestDelay);
    const wait = await this.gate.spend(key, delay);
    if (wait === undefined) await this.delays.excess(key);
    return wait;
  }

  /** Takes one attempt back: it was no failure, or was not made after all. */
  async giveBack(key: string): Promise<void> {
    await this.atOnce.giveBack(key);
  }

  /** Forgets everything about the key. */
  async forget(key: string): Promise<void> {
    await Promise.all([this.atOnce, this.gate, this.delays].map((limiter) => limiter.forget(key)));
  }
}
