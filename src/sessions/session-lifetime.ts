import type { Env } from '../config/env.js';

export type SessionLifetimes = Pick<Env, 'REFRESH_TOKEN_TTL' | 'SESSION_MAX_AGE'>;

interface SessionStart {
  readonly createdAt: Date;
  readonly impersonatorId?: string | null | undefined;
}

/** Seconds. Whoever acts as somebody else does one thing, and begins again for the next. */
const IMPERSONATION_MAX_AGE = 3_600;

/** Seconds from its beginning to the end that no refresh puts off. */
export function sessionMaxAge({ impersonatorId }: SessionStart, lifetimes: SessionLifetimes): number {
  return impersonatorId ? Math.min(IMPERSONATION_MAX_AGE, lifetimes.SESSION_MAX_AGE) : lifetimes.SESSION_MAX_AGE;
}

/**
 * The end of a session that is active now: idle or absolute, whichever comes first (ASVS 7.3.1 and 7.3.2).
 *
 * @param openersEnd of the session from which this one was opened, which it does not outlive
 */
export function sessionEnd(session: SessionStart, now: Date, lifetimes: SessionLifetimes, openersEnd?: Date): Date {
  const idleEnd = now.getTime() + lifetimes.REFRESH_TOKEN_TTL * 1000;
  const absoluteEnd = session.createdAt.getTime() + sessionMaxAge(session, lifetimes) * 1000;
  return new Date(Math.min(idleEnd, absoluteEnd, openersEnd?.getTime() ?? Infinity));
}
