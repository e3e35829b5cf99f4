#!/usr/bin/env node
import { Command } from 'commander';
import { AppError } from '../common/app-error.js';
import { VERSION } from '../common/version.js';
import { dbCommand } from './db.command.js';
import { keysCommand } from './keys.command.js';
import { mailCommand } from './mail.command.js';
import { userCommand } from './user.command.js';

/** The operator's commands: `npm run cli -- --help`. */
const program = new Command('latchkey')
  .description('Operate a Latchkey server. Reads the same environment and .env file as the server.')
  .version(VERSION)
  // What follows a command belongs to it: a `kid` that begins with -V asks for no version.
  .enablePositionalOptions()
  .addCommand(dbCommand())
  .addCommand(keysCommand())
  .addCommand(mailCommand())
  .addCommand(userCommand());

try {
  await program.parseAsync();
} catch (error) {
  const { safeMessage } = await import('../database/safe-error.js');
  const problems =
    error instanceof AppError ? (error.fields ?? []).map((field) => `  ${field.path}: ${field.message}`) : [];
  process.stderr.write(`${[safeMessage(error), ...problems].join('\n')}\n`);
  process.exitCode = 1;
}
