import type { Readable } from 'node:stream';
import { type Entry, isObject } from './format.js';
import { readJsonLines } from './json-lines.js';

/** Of users that have a password with Auth0 itself. */
const ID_PREFIX = 'auth0|';

/**
 * Auth0: the export with password hashes, which its support makes on request
 * (https://auth0.com/docs/troubleshoot/customer-support/manage-subscriptions/export-data), and that of the job
 * `users-exports`, which has names and no hashes. Both have one JSON object a line.
 */
export const readAuth0 = (file: Readable): AsyncIterable<Entry> => readJsonLines(file, fieldsOf);

function fieldsOf(user: Record<string, unknown>): Record<string, unknown> {
  return {
    email: user['email'],
    passwordHash: user['passwordHash'],
    name: user['name'],
    emailVerified: user['email_verified'],
    createdAt: unwrapped(user['created_at'], '$date'),
    externalId: user['user_id'] ?? withPrefix(unwrapped(user['_id'], '$oid')),
    disabled: user['blocked'],
  };
}

/** Extended JSON of MongoDB: `{"$oid": "…"}`. */
const unwrapped = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : value);

const withPrefix = (id: unknown): unknown => (typeof id === 'string' && !id.includes('|') ? `${ID_PREFIX}${id}` : id);
