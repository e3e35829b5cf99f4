import type { Command, CommanderError } from 'commander';
import type { ConfigProblem } from '../config/env.types.js';
import { isUnread } from './readers.js';

const JSON_OPTION = '--json';

/** True when a machine reads the answer. Asked of the arguments themselves: an error knows of no command. */
export const isForMachine = (): boolean => process.argv.includes(JSON_OPTION);

/** Gives every command the option, so that its `--help` names it, and lets it throw instead of ending the process. */
export function prepared(command: Command): Command {
  for (const child of command.commands) prepared(child);
  if (command.commands.length === 0) command.option(JSON_OPTION, 'answer with one JSON value');
  // What Commander would say stands in the error that it throws.
  if (isForMachine()) command.configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  return command.exitOverride();
}

/** What `--help` ends with. */
export const examples = (...lines: readonly string[]): string =>
  `\n${lines.length > 1 ? 'Examples' : 'Example'}:\n${lines.map((line) => `  latchkey ${line}`).join('\n')}`;

/** The answer of a command: lines for a person, one value for a machine. */
export function tell(lines: string | readonly string[], value: unknown): void {
  if (isUnread()) return;
  const text = isForMachine() ? [JSON.stringify(value)] : [lines].flat();
  process.stdout.write(printable(text));
}

/** A moment in a line. A row that was changed by hand can hold what is none, and must not take the list from whoever looks for it. */
export const textOf = (moment: Date): string =>
  Number.isNaN(moment.getTime()) ? 'at no moment' : moment.toISOString();

/** Why a command did not do what it was asked for. */
export function complain(message: string, problems: readonly { path: string; message: string }[] = []): void {
  const lines = [message, ...problems.map((problem) => `  ${problem.path}: ${problem.message}`)];
  const text = isForMachine() ? [JSON.stringify({ error: { message, fields: problems } })] : lines;
  process.stderr.write(printable(text));
}

/** What does not keep a command from doing what it was asked for. */
export function warn(warning: string): void {
  process.stderr.write(printable([isForMachine() ? JSON.stringify({ warning }) : warning]));
}

/** How a call makes no sense. A person was told by Commander. */
export function complainOfCall({ code, message }: CommanderError): void {
  if (!isForMachine()) return;
  const isHelp = code === 'commander.help';
  complain(isHelp ? 'a command is missing: --help lists them' : message.replace(/^error: /, '').replace(/\s+/g, ' '));
}

/** Each problem of the configuration on a line of its own. */
export const complainOfConfig = (problems: readonly ConfigProblem[]): void =>
  complain(
    'The server can not start with this configuration:',
    problems.map(({ name, reason }) => ({ path: name, message: reason })),
  );

/**
 * What users, mail servers and rows of the database hold must not move the cursor or turn the direction of the terminal that
 * it is read in, nor begin a line of its own.
 */
export const printable = (lines: readonly string[]): string =>
  lines.map((line) => `${line.replace(/[^\P{Cc}\t]|\p{Bidi_Control}/gu, '\uFFFD')}\n`).join('');
