import type { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { REVOCATION_LIST, RevocationListState } from './revocation-list.entity.js';

/** What the database says of the list. */
export interface RevocationRow {
  /** The text of the list that is complete. Null: there is none. */
  readonly list: string | null;
  /** Epoch milliseconds, by the clock of whoever gave the last one up. */
  readonly droppedAt: number | null;
}

const READ = `select list, extract(epoch from dropped_at) * 1000 as dropped_at,
  set_config('latchkey.revocation_marked', 'on', true) from revocation_list where id = ${REVOCATION_LIST}`;

/** Reads the row. A transaction that does so tells the triggers of the migration that it marks what it revokes. */
export async function readRevocationRow(em: EntityManager): Promise<RevocationRow> {
  // The ORM's own type does not know of SQL; both engines have this one.
  const sql = em as SqlEntityManager;
  const row = await sql.execute<{ list: string | null; dropped_at: string | null }>(READ, [], 'get');
  return { list: row.list, droppedAt: row.dropped_at === null ? null : Number(row.dropped_at) };
}

/** Tells every instance, by its next heartbeat, that no list is complete. */
export async function dropRevocationList(em: EntityManager, now: Date): Promise<void> {
  await em.nativeUpdate(RevocationListState, { list: { $ne: null } }, { list: null, droppedAt: now });
}

/** True when the row named `former` until now, and names `next` from the commit on. */
export async function replaceRevocationList(em: EntityManager, former: string | null, next: string): Promise<boolean> {
  const where = { id: REVOCATION_LIST, list: former };
  return (await em.nativeUpdate(RevocationListState, where, { list: next })) === 1;
}
