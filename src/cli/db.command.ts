import { Command } from 'commander';
import { examples } from './output.js';

/** Loaded with the first command that needs it: `--help` does not wait for the server's code. */
const actions = () => import('./db.actions.js');

/** `db …`: the schema of the database. */
export function dbCommand(): Command {
  const db = new Command('db').description('Database');

  db.command('migrate')
    .description('bring the schema up to date; run it before starting a new version on PostgreSQL')
    .addHelpText('after', examples('db migrate'))
    .action(async () => (await actions()).migrate());

  db.command('status')
    .description('which migrations have run, and which have not; exits 1 when some have not')
    .addHelpText('after', examples('db status --json'))
    .action(async () => (await actions()).showStatus());

  return db;
}
