import { type EntityClass, MikroORM } from '@mikro-orm/core';
import type { Env } from '../config/env.js';
import type { DatabaseBounds } from './database-bounds.js';
import { namingDatabase } from './named-database.js';
import { isSqlite, ormOptions } from './orm.options.js';
import { forkForEachRequest } from './request-context.js';

/**
 * Connects, and makes sure that the schema is the one that this version was written for. SQLite has one process, which
 * migrates its own file. On PostgreSQL several versions may run side by side, so migrating is a step of the deployment
 * (`npm run db:migrate`) and a server that finds it undone refuses to start.
 */
export function openDatabase(
  env: Pick<Env, 'DATABASE_URL'> & DatabaseBounds,
  entities: EntityClass[],
): Promise<MikroORM> {
  return namingDatabase(env.DATABASE_URL, () => opened(env, entities));
}

async function opened(env: Pick<Env, 'DATABASE_URL'> & DatabaseBounds, entities: EntityClass[]): Promise<MikroORM> {
  const orm = await MikroORM.init(ormOptions(env, entities, env));
  forkForEachRequest(orm);
  if (isSqlite(env.DATABASE_URL)) {
    await orm.migrator.up();
  } else if ((await orm.migrator.getPending()).length > 0) {
    await orm.close();
    throw new Error('The database schema is not up to date. Run: npm run db:migrate');
  }
  return orm;
}
