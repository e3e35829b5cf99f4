import { type EntityManager, raw } from '@mikro-orm/core';
import { SqlitePlatform } from '@mikro-orm/sqlite';

const RANGE = { $gte: new Date(0), $lt: new Date('9999-12-31T00:00:00Z') } as const;

/**
 * The condition that a column holds a moment of a year that this server writes. PostgreSQL has `infinity`; SQLite keeps any value,
 * of which a whole number alone is a moment (`exact-sqlite.driver.ts`).
 */
export function isReadableMoment(em: EntityManager, column: string): object {
  const range = { [column]: RANGE };
  if (!(em.getPlatform() instanceof SqlitePlatform)) return range;
  return { $and: [range, { [raw((alias) => `typeof(${alias}.${column})`)]: 'integer' }] };
}
