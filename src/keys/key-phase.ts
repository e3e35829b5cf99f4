import type { Env } from '../config/env.js';

/** What a key is for at a moment, in the order in which it gets there. */
export type KeyPhase = 'published' | 'active' | 'retiring' | 'retired';

interface KeyTimes {
  readonly activeFrom: Date;
  readonly retiredAt?: Date | null | undefined;
}

/** What a retiring key waits for: the end of the last token that it signed. */
export type KeyLifetimes = Pick<Env, 'ACCESS_TOKEN_TTL' | 'CLOCK_TOLERANCE_SECONDS'>;

/**
 * A key is published before it signs, so that every verifier knows it in time; it signs until its successor does; and it
 * verifies until the last token that it signed has expired.
 *
 * @param successor the next key that signs after it
 */
export function phaseOf(key: KeyTimes, successor: KeyTimes | undefined, now: Date, lifetimes: KeyLifetimes): KeyPhase {
  if (key.retiredAt && key.retiredAt <= now) return 'retired';
  if (now < key.activeFrom) return 'published';
  if (!successor || now < successor.activeFrom) return 'active';
  const seconds = lifetimes.ACCESS_TOKEN_TTL + lifetimes.CLOCK_TOLERANCE_SECONDS;
  return now.getTime() <= successor.activeFrom.getTime() + seconds * 1000 ? 'retiring' : 'retired';
}
