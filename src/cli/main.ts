#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { AppError } from '../common/app-error.js';
import { VERSION } from '../common/version.js';
import { auditCommand } from './audit.command.js';
import { configCommand } from './config.command.js';
import { dbCommand } from './db.command.js';
import { doctorCommand } from './doctor.command.js';
import { keysCommand } from './keys.command.js';
import { mailCommand } from './mail.command.js';
import { isOfCall } from './named-as-called.js';
import { complain, complainOfCall, complainOfConfig, examples, prepared } from './output.js';
import { letReadersGo } from './readers.js';
import { refuseNoAddress } from './refuse-no-address.js';
import { roleCommand } from './role.command.js';
import { userCommand } from './user.command.js';
import { usersExportCommand, usersImportCommand } from './users.command.js';

/** Exit codes besides 0: refused, failed or something found; called in a wrong way. */
const FAILED = 1;
const MISUSED = 2;

/** The operator's commands: `npm run cli -- --help`. */
const program = prepared(
  new Command('latchkey')
    .description('Operate a Latchkey server. Reads the same environment and .env file as the server.')
    .version(VERSION)
    .addHelpText('after', examples('user create ada@example.com --role admin', 'user create --help'))
    // What follows a command belongs to it: a `kid` that begins with -V asks for no version.
    .enablePositionalOptions()
    .hook('preAction', refuseNoAddress)
    .addCommand(auditCommand())
    .addCommand(configCommand())
    .addCommand(dbCommand())
    .addCommand(doctorCommand())
    .addCommand(keysCommand())
    .addCommand(mailCommand())
    .addCommand(roleCommand())
    .addCommand(userCommand())
    .addCommand(usersExportCommand())
    .addCommand(usersImportCommand()),
);

letReadersGo(({ message }) => {
  complain(`Standard output can not be written: ${message}`);
  process.exitCode = FAILED;
});
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = await failureOf(error);
}

async function failureOf(error: unknown): Promise<number> {
  if (error instanceof CommanderError) {
    // What was asked for was shown.
    if (error.exitCode === 0) return 0;
    complainOfCall(error);
    return MISUSED;
  }
  const [{ safeMessage }, { ConfigError }] = await Promise.all([
    import('../logging/safe-error.js'),
    import('../config/env.js'),
  ]);
  const fields = (error instanceof AppError && error.fields) || [];
  if (error instanceof ConfigError) complainOfConfig(error.problems);
  else complain(safeMessage(error), fields);
  return fields.some(({ path }) => isOfCall(path)) ? MISUSED : FAILED;
}
