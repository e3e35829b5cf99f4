import type { Clock } from '../common/clock.js';

/** A key is some 350 bytes, and there are at most twice as many. */
const MOST_KEYS = 20_000;

/** What was counted for a key, and until when. */
export interface Count {
  readonly count: number;
  readonly msLeft: number;
}

interface Window {
  count: number;
  readonly endsAt: number;
  readonly length: number;
}

/**
 * Counters in the memory of the process, whose size is bounded. Windows are kept in two generations: when the younger one
 * has as many keys as allowed, or is as old as a window, it becomes the older one, and that is forgotten. So a window is
 * forgotten before its time only after as many other keys were counted, each at the price of an attempt of its own: whoever
 * pays that for one more budget is better off without it.
 */
export class OwnCounters {
  private young = new Map<string, Window>();
  private old = new Map<string, Window>();
  private youngSince = 0;

  /** @param seconds the longest window */
  constructor(
    private readonly clock: Clock,
    private readonly seconds: number,
    private readonly mostKeys = MOST_KEYS,
  ) {}

  get size(): number {
    return this.young.size + this.old.size;
  }

  /** Adds to the window of a key, and opens one when there is none. @param seconds how long a new one lasts */
  add(key: string, amount: number, seconds = this.seconds): Count {
    const now = this.clock.now().getTime();
    const window = this.windowOf(key, now) ?? this.open(key, now, seconds);
    window.count += amount;
    return { count: window.count, msLeft: window.endsAt - now };
  }

  /** Takes one back, if it is still remembered. */
  takeBack(key: string): void {
    const window = this.windowOf(key, this.clock.now().getTime());
    if (window && window.count > 0) window.count -= 1;
  }

  countOf(key: string): number {
    return this.windowOf(key, this.clock.now().getTime())?.count ?? 0;
  }

  forget(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  private windowOf(key: string, now: number): Window | undefined {
    const window = this.young.get(key) ?? this.old.get(key);
    const left = window ? window.endsAt - now : 0;
    // One that lasts for more than twice its length was opened before the clock was set back: it would go on for as long as that was.
    return window && left > 0 && left <= 2 * window.length ? window : undefined;
  }

  private open(key: string, now: number, seconds: number): Window {
    if (this.young.size >= this.mostKeys || Math.abs(now - this.youngSince) >= this.seconds * 1000) {
      this.old = this.young;
      this.young = new Map();
      this.youngSince = now;
    }
    const length = seconds * 1000;
    const window = { count: 0, endsAt: now + length, length };
    this.old.delete(key);
    this.young.set(key, window);
    return window;
  }
}
