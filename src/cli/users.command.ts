import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExportOptions } from './export.actions.js';
import type { ImportOptions } from './import.actions.js';
import { examples } from './output.js';
import { UNCONFIRMED } from './unconfirmed.js';

const IMPORT_NOTES = `
A user of JSON Lines or CSV has an email and, as far as it is known: passwordHash, name, roles, emailVerified, locale,
createdAt, externalId, disabled. Refused lines are printed with their reason, and the exit code is 1 if there are any. Whoever
runs it again changes nothing: an externalId that is known is passed over. With --json each line is one JSON value, and so is the
last one with the sums.`;

/** `users:import`: accounts of another server. */
export function usersImportCommand(): Command {
  return new Command('users:import')
    .description('make accounts of what another server has exported; users keep their passwords')
    .argument('<file>', 'what to read; - for standard input')
    .addOption(
      new Option(
        '-f, --format <name>',
        'what wrote the file; the default goes by its name (.jsonl, .ndjson, .csv)',
      ).choices(['json-lines', 'csv', 'auth0', 'firebase', 'keycloak', 'supabase']),
    )
    .option('--hash-config <file>', 'for firebase: a file with the hash parameters of the project, from its console')
    .option('--dry-run', 'say of every line what would become of it, and change nothing')
    .option('--from <line>', 'begin there, after an import that has stopped', wholeNumber)
    .option(UNCONFIRMED[0], `give roles besides \`user\` ${UNCONFIRMED[1]}`)
    .addHelpText('after', IMPORT_NOTES)
    .addHelpText(
      'after',
      examples(
        'users:import users.csv --dry-run',
        'users:import users.json --format firebase --hash-config hash-config.txt',
        'users:import - --format auth0 < export.ndjson',
      ),
    )
    .action(async (file: string, options: ImportOptions) =>
      (await import('./import.actions.js')).importUsers(file, options),
    );
}

/** `users:export`: the same the other way round. */
export function usersExportCommand(): Command {
  return new Command('users:export')
    .description('write all accounts to a new file that only its owner can read')
    .argument('<file>', 'what to write; - for standard output')
    .addOption(new Option('-f, --format <name>', 'how').choices(['json-lines', 'csv']).default('json-lines'))
    .option('--hashes', 'with the hashes of the passwords, so that users can keep them')
    .addHelpText(
      'after',
      examples(
        'users:export users.jsonl',
        'users:export users.csv --format csv',
        'users:export - --hashes | gpg --encrypt --recipient ops@example.com > users.jsonl.gpg',
      ),
    )
    .action(async (file: string, options: ExportOptions) =>
      (await import('./export.actions.js')).exportUsers(file, options),
    );
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('must be the number of a line.');
  return Number(value);
}
