import { type EntityManager, LockMode } from '@mikro-orm/core';
import { isStorable } from '../common/storable.js';
import { Role } from './role.entity.js';

/**
 * Locks roles, and reads them as they are then; the changed one for its change at once. In the order of their names: of two
 * transactions that need the same ones, one waits for the other, and never each for the other.
 */
export async function lockedRoles(em: EntityManager, names: readonly string[], changed: string): Promise<Role[]> {
  const found: Role[] = [];
  for (const name of [...new Set([...names, changed])].filter(isStorable).sort()) {
    const lockMode = name === changed ? LockMode.PESSIMISTIC_WRITE : LockMode.PESSIMISTIC_READ;
    const role = await em.findOne(Role, { name }, { lockMode });
    if (role) found.push(role);
  }
  return found;
}
