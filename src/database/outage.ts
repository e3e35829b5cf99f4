import { ConnectionException, LockWaitTimeoutException } from '@mikro-orm/core';

/** How `pg` and its pool say that a connection was lost or could not be had, for they give these errors no code. */
const LOST_CONNECTION =
  /(?:^| - )(?:Connection terminated(?: unexpectedly| due to connection timeout)?|timeout exceeded when trying to connect|Query read timeout|Client (?:has encountered a connection error|was closed) and is not queryable|Cannot use a pool after calling end on the pool)$/;

/**
 * PostgreSQL's classes 08 (connection), 40 (a lost race), 53 (no disk, no memory, no connection left) and 57P (somebody
 * stops it), time-outs of locks and statements (55P03, 57014, 25P03), a server that only reads (25006) or whose disk
 * fails (58030), Node's socket errors, and what SQLite says of locks and disks.
 */
const UNAVAILABLE =
  /^(08...|40...|53...|57P..|55P03|57014|25P03|25006|58030|ECONN.*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN).*)$/;

/** Class 40: the transaction was the victim of another one, and was rolled back whole. SQLite has no such thing. */
const LOST_RACE = /^40(001|P01)$/;

/** The database can not be reached, can not write, is going away or is locked: nothing was written, a retry may succeed. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof ConnectionException || error instanceof LockWaitTimeoutException) return true;
  const { code, message } = partsOf(error);
  return code === undefined ? LOST_CONNECTION.test(message ?? '') : UNAVAILABLE.test(code);
}

/** The same transaction may be run again at once, and may succeed. */
export function isLostRace(error: unknown): boolean {
  return LOST_RACE.test(partsOf(error).code ?? '');
}

function partsOf(error: unknown): { code?: string; message?: string } {
  return typeof error === 'object' && error !== null ? error : {};
}
