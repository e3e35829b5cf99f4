import { MikroORM } from '@mikro-orm/core';
import { Command } from 'commander';
import { loadDatabaseEnv } from '../config/load-env.js';
import { ormOptions } from '../database/orm.options.js';
import { entities } from '../entities.js';

/** `db …`: the schema of the database. */
export function dbCommand(): Command {
  const db = new Command('db').description('Database');

  db.command('migrate')
    .description('bring the schema up to date; run it before starting a new version on PostgreSQL')
    .action(async () => {
      const orm = await MikroORM.init(ormOptions(loadDatabaseEnv(), entities));
      try {
        const applied = await orm.migrator.up();
        process.stdout.write(applied.length > 0 ? `Applied ${applied.length} migration(s).\n` : 'Nothing to do.\n');
      } finally {
        await orm.close();
      }
    });

  return db;
}
