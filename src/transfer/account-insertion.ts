import type { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import batched from 'it-batch';
import { USER_ROLE } from '../access/permissions.js';
import { newId } from '../common/ids.js';
import { User } from '../users/user.entity.js';
import type { UserRecord } from './user-record.js';

/** Of a statement. SQLite takes 32,766 values in one. */
const HOLDINGS = 10_000;

const DISABLED = 'Disabled where the account was imported from.';

/** Without a word about it, the roles of a sign-up. */
export const rolesOf = ({ roles }: UserRecord): readonly string[] => roles ?? [USER_ROLE];

/**
 * Makes accounts of records, by a few statements for some hundred of them.
 *
 * @returns the records that have got one: not those whose address or external id is another one's meanwhile
 */
export async function insertAccounts(
  em: EntityManager,
  records: readonly UserRecord[],
  now: Date,
): Promise<UserRecord[]> {
  if (records.length === 0) return [];
  const recordOf = new Map(records.map((record) => [newId(), record]));
  const rows = [...recordOf].map(([id, record]) => rowOf(id, record, now));
  // The ORM's own type does not know of SQL; both engines have this.
  const sql = em as SqlEntityManager;
  const insertion = sql.createQueryBuilder(User).insert(rows).onConflict().ignore().returning('id');
  const inserted = await insertion.execute<{ id: string }[]>('all');
  const created = inserted.flatMap(({ id }) => {
    const record = recordOf.get(id);
    return record ? [{ id, record }] : [];
  });
  const holdings = created.flatMap(({ id, record }) => rolesOf(record).map((role) => [id, role]));
  for (const some of batched(holdings, HOLDINGS)) {
    const values = some.map(() => '(?, ?)').join();
    await sql.execute(`insert into user_roles (user_id, role_name) values ${values}`, some.flat(), 'run');
  }
  return created.map(({ record }) => record);
}

function rowOf(id: string, record: UserRecord, now: Date) {
  const { email, emailVerified, name, passwordHash, locale, externalId, createdAt, disabled } = record;
  return {
    id,
    email,
    emailVerified,
    name,
    passwordHash,
    locale,
    externalId,
    version: 1,
    createdAt: createdAt ?? now,
    disabledAt: disabled ? now : null,
    disabledReason: disabled ? DISABLED : null,
  };
}
