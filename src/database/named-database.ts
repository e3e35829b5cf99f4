import { safeMessage } from '../logging/safe-error.js';
import { isDatabaseAway } from './outage.js';

/** The server of the database lets nobody of this name or password in (class 28), or has no such database. */
const REFUSED = /^(28...|3D000)$/;

/** Runs what opens a database. Where it cannot be opened, the error says which setting names it, and where it is. */
export async function namingDatabase<T>(url: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!url.startsWith('postgres') || !(isDatabaseAway(error) || isRefused(error))) throw error;
    throw new Error(`DATABASE_URL: ${nameOf(url)} can not be opened: ${safeMessage(error)}`, { cause: error });
  }
}

function isRefused(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return REFUSED.test(code);
}

/** Without user and password. Where a part of these may have got behind the host, because it is not encoded, nothing is named. */
export function nameOf(url: string): string {
  const { hostname, port, pathname, search, hash, searchParams } = new URL(url);
  if (`${pathname}${search}${hash}`.includes('@')) return 'the database';
  const host = hostname || searchParams.get('host') || 'localhost';
  return `the database ${pathname.slice(1)} at ${host}${port && `:${port}`}`.replace('  ', ' ');
}
