import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** A counter of `attempts` within `seconds`. Keys are `limit:NAME:KEY`; each expires by itself. */
export function createLimiter(name: string, limits: { attempts: number; seconds: number }): RateLimiterAbstract {
  return new RateLimiterMemory({ keyPrefix: `limit:${name}`, points: limits.attempts, duration: limits.seconds });
}

/**
 * Counts one attempt, atomically. An attempt that is refused does not prolong the wait.
 *
 * @param seconds the window, when this attempt is the one that opens it
 * @returns undefined when there was room, otherwise the seconds until there is
 */
export async function spend(limiter: RateLimiterAbstract, key: string, seconds?: number): Promise<number | undefined> {
  try {
    await limiter.consume(key, 1, seconds === undefined ? {} : { customDuration: seconds });
    return undefined;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    throw refusal;
  }
}
