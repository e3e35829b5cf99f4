import { MikroORM } from '@mikro-orm/core';
import { loadDatabaseEnv } from '../config/load-env.js';
import { namingDatabase } from '../database/named-database.js';
import { ormOptions } from '../database/orm.options.js';
import { entities } from '../entities.js';
import { tell } from './output.js';

/** What `db migrate` does. */
export function migrate(): Promise<void> {
  return withDatabase(async ({ migrator }) => {
    const applied = (await migrator.up()).map(({ name }) => name);
    tell(applied.length > 0 ? `Applied ${applied.length} migration(s).` : 'Nothing to do.', { applied });
  });
}

/** What `db status` does. */
export function showStatus(): Promise<void> {
  return withDatabase(async ({ migrator }) => {
    const applied = (await migrator.getExecuted()).map(({ name }) => name);
    const pending = (await migrator.getPending()).map(({ name }) => name);
    const lines = [...applied.map((name) => `applied  ${name}`), ...pending.map((name) => `pending  ${name}`)];
    tell(lines, { applied, pending });
    if (pending.length > 0) process.exitCode = 1;
  });
}

async function withDatabase(work: (orm: MikroORM) => Promise<void>): Promise<void> {
  const env = loadDatabaseEnv();
  await namingDatabase(env.DATABASE_URL, async () => {
    const orm = await MikroORM.init(ormOptions(env, entities));
    try {
      await work(orm);
    } finally {
      await orm.close();
    }
  });
}
