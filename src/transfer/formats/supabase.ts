import { readCsv } from './csv.js';
import { isObject, type UserFormat } from './format.js';

/**
 * Supabase: the table `auth.users` as CSV, from the SQL editor of its dashboard or by `\copy` of psql
 * (https://supabase.com/docs/guides/auth/managing-user-data#exporting-users).
 *
 * @param now a ban that ended before is over
 */
export const supabaseFormat =
  (now: Date): UserFormat =>
  (file) =>
    readCsv(file, (row) => fieldsOf(row, now));

function fieldsOf(row: Readonly<Record<string, string>>, now: Date): Record<string, unknown> {
  return {
    email: row['email'],
    passwordHash: row['encrypted_password'],
    name: nameOf(row['raw_user_meta_data']),
    emailVerified: Boolean(row['email_confirmed_at'] ?? row['confirmed_at']),
    createdAt: row['created_at'],
    externalId: row['id'],
    disabled: Boolean(row['deleted_at']) || isBanned(row['banned_until'], now),
  };
}

/** What the application, or the provider of a social login, has put there. */
function nameOf(metadata = '{}'): unknown {
  try {
    const value: unknown = JSON.parse(metadata);
    return isObject(value) ? (value['full_name'] ?? value['name']) : undefined;
  } catch {
    return undefined;
  }
}

/** PostgreSQL's `infinity` is no date either, and in no past. */
const isBanned = (until: string | undefined, now: Date): boolean => until !== undefined && !(new Date(until) <= now);
