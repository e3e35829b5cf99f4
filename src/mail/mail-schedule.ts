import type { Mail } from './mail.entity.js';

/**
 * How long a mail server may think. One that is cut off has perhaps taken the mail over, and receives it again at each attempt. RFC 5321
 * (section 4.5.3.2.6) has ten minutes for the reply to a mail; but a mail that hangs keeps its place, and its lease when an instance dies.
 */
export const SILENCE_MS = 120_000;

/** A mail server that has not taken a mail over by then has failed for this time. */
export const ATTEMPT_MS = SILENCE_MS + 60_000;

/** How long a mail belongs to the instance that took it: longer than an attempt, so that no two are sending it. */
export const LEASE_MS = ATTEMPT_MS + 60_000;

/** The wait before the second attempt, and the longest. Each is three times as long as the one before. */
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;

/** Of a mail whose link works for a while from the request on: it has to be sent meanwhile. */
const LONGEST_WAIT_OF_PASSING_MS = 300_000;

/** Which mails are due. A time further away than the longest wait comes from a clock that was set back since. */
export function dueAt(now: Date) {
  const impossible = new Date(now.getTime() + LONGEST_WAIT_MS + LEASE_MS);
  return [{ dueAt: { $lte: now } }, { dueAt: { $gt: impossible } }];
}

/** When to try again after so many attempts, or undefined when it is time to give up. The last attempt is at the end. */
export function nextAttempt(
  { template, createdAt, attempts }: Pick<Mail, 'template' | 'createdAt' | 'attempts'>,
  now: Date,
  retryForSeconds: number,
): Date | undefined {
  const end = createdAt.getTime() + retryForSeconds * 1000;
  // Also of a mail that was written at no moment.
  if (!(now.getTime() < end)) return undefined;
  const longest = template === 'confirm-email-change' ? LONGEST_WAIT_OF_PASSING_MS : LONGEST_WAIT_MS;
  const wait = Math.min(FIRST_WAIT_MS * 3 ** (attempts - 1), longest);
  return new Date(Math.min(now.getTime() + wait, end));
}
