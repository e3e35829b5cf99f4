import type { Env } from '../config/env.js';

export type SessionLifetimes = Pick<Env, 'REFRESH_TOKEN_TTL' | 'SESSION_MAX_AGE'>;

/** The end of a session that is active now: idle or absolute, whichever comes first (ASVS 7.3.1 and 7.3.2). */
export function sessionEnd(createdAt: Date, now: Date, lifetimes: SessionLifetimes): Date {
  const idleEnd = now.getTime() + lifetimes.REFRESH_TOKEN_TTL * 1000;
  const absoluteEnd = createdAt.getTime() + lifetimes.SESSION_MAX_AGE * 1000;
  return new Date(Math.min(idleEnd, absoluteEnd));
}
