import { createHash } from 'node:crypto';

/**
 * The state of a row as one short text. As an entity tag (RFC 9110 section 8.8.3) it tells whether the row is still the one
 * that was looked at.
 */
export function revisionOfState(state: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 22);
}
