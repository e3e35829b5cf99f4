import { MikroORM } from '@mikro-orm/core';
import { Command } from 'commander';
import { loadDatabaseEnv } from '../config/load-env.js';
import { ormOptions } from '../database/orm.options.js';
import { entities } from '../entities.js';
import { examples, tell } from './output.js';

/** `db …`: the schema of the database. */
export function dbCommand(): Command {
  const db = new Command('db').description('Database');

  db.command('migrate')
    .description('bring the schema up to date; run it before starting a new version on PostgreSQL')
    .addHelpText('after', examples('db migrate'))
    .action(() =>
      withDatabase(async ({ migrator }) => {
        const applied = (await migrator.up()).map(({ name }) => name);
        tell(applied.length > 0 ? `Applied ${applied.length} migration(s).` : 'Nothing to do.', { applied });
      }),
    );

  db.command('status')
    .description('which migrations have run, and which have not; exits 1 when some have not')
    .addHelpText('after', examples('db status --json'))
    .action(() =>
      withDatabase(async ({ migrator }) => {
        const applied = (await migrator.getExecuted()).map(({ name }) => name);
        const pending = (await migrator.getPending()).map(({ name }) => name);
        const lines = [...applied.map((name) => `applied  ${name}`), ...pending.map((name) => `pending  ${name}`)];
        tell(lines, { applied, pending });
        if (pending.length > 0) process.exitCode = 1;
      }),
    );

  return db;
}

async function withDatabase(work: (orm: MikroORM) => Promise<void>): Promise<void> {
  const orm = await MikroORM.init(ormOptions(loadDatabaseEnv(), entities));
  try {
    await work(orm);
  } finally {
    await orm.close();
  }
}
