import { type EntityManager, LockMode } from '@mikro-orm/core';
import { User } from './user.entity.js';

/** How a transaction needs a row: to change it, or to see that nobody else does. */
export type UserLock = 'change' | 'read';

/**
 * Locks rows of users, and reads them as they are then. In the order of their ids: of two transactions that need the same
 * ones, one waits for the other, and never each for the other.
 */
export async function lockedUsers(
  em: EntityManager,
  locks: ReadonlyMap<string, UserLock>,
): Promise<ReadonlyMap<string, User>> {
  const found = new Map<string, User>();
  for (const [id, lock] of [...locks].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const lockMode = lock === 'change' ? LockMode.PESSIMISTIC_WRITE : LockMode.PESSIMISTIC_READ;
    const user = await em.findOne(User, { id }, { lockMode });
    if (user) found.set(id, user);
  }
  return found;
}
