import { SKEW_MS } from '../common/clock.js';
import type { RefreshRefusal } from './session.errors.js';

/** The part of a session that rotation depends on. */
export interface RotationState {
  readonly refreshCounter: number;
  readonly rotatedAt: Date;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly userDisabledAt: Date | null;
}

export interface RotationLimits {
  readonly graceSeconds: number;
  readonly sessionMaxAgeSeconds: number;
}

export type RotationDecision =
  | { readonly kind: 'rotate' }
  | { readonly kind: 'same-successor' }
  | { readonly kind: 'refuse'; readonly refusal: RefreshRefusal; readonly alarm?: 'reused' | 'unknown-counter' };

const refuse = (refusal: RefreshRefusal): RotationDecision => ({ kind: 'refuse', refusal });

/**
 * What to do with a genuine refresh token. Tokens are ordered by their counter, never by time: two rotations of one
 * second are still two (RFC 9700 section 4.14.2).
 */
export function decideRotation(
  counter: number,
  session: RotationState,
  now: Date,
  limits: RotationLimits,
): RotationDecision {
  if (session.revokedAt) return refuse('session-revoked');
  if (session.userDisabledAt) return refuse('account-disabled');
  if (now >= session.expiresAt) {
    const absoluteEnd = session.createdAt.getTime() + limits.sessionMaxAgeSeconds * 1000;
    return refuse(now.getTime() >= absoluteEnd ? 'session-expired' : 'expired');
  }
  if (counter === session.refreshCounter) return { kind: 'rotate' };
  // Genuine by its HMAC but newer than the row: the row went back in time, as after restoring a backup.
  if (counter > session.refreshCounter) return { kind: 'refuse', refusal: 'invalid', alarm: 'unknown-counter' };
  // Only the immediate parent has grace: it is what a second tab holds, or a client that never got the answer.
  const age = now.getTime() - session.rotatedAt.getTime();
  // A rotation in the future is of a clock that was set back since: nobody knows how old it is.
  const hasGrace = age >= -SKEW_MS && Math.max(0, age) < limits.graceSeconds * 1000;
  if (counter === session.refreshCounter - 1 && hasGrace) return { kind: 'same-successor' };
  return { kind: 'refuse', refusal: 'reused', alarm: 'reused' };
}
