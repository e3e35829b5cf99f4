import { DriverException } from '@mikro-orm/core';

/** Errors of constraints and of names, in whose messages PostgreSQL quotes names. What others quote can be a value. */
const QUOTES_NAMES = /^(23|28|3D|3F|42(?!601))...$/;

/**
 * An error's message for a log or a terminal, without what anybody has sent (ASVS 16.2.5). Drivers quote values, and
 * PostgreSQL's detail of a failed row, which the ORM puts on the lines after the first, holds all values of the row, the
 * password hash among them.
 */
export function safeMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isOfDatabase(error) ? withoutValues(error) : error.message;
}

/** Where the error came from, without its message, which a stack begins with. */
export function framesOf(error: Error): string {
  // A line of the message can look like a frame.
  const said = new Set(error.message.split('\n'));
  const lines = error.stack?.split('\n') ?? [];
  return lines.filter((line) => line.trimStart().startsWith('at ') && !said.has(line)).join('\n');
}

/** An error as the log has it. The driver hangs more on its error than this, the failing row among it: that stays behind. */
export function loggable(error: unknown): unknown {
  if (!(error instanceof Error && isOfDatabase(error))) return error;
  return { type: error.name, code: error.code, message: safeMessage(error), stack: framesOf(error) };
}

/** An error of a driver, in the ORM's class or in its own: the ORM's query builder throws it as it comes. */
type DatabaseError = Error & Pick<DriverException, 'code'>;

const isOfDatabase = (error: Error): error is DatabaseError =>
  error instanceof DriverException || error.name === 'SqliteError' || ('severity' in error && 'code' in error);

/** What a trigger or a function of the operator's raises, whose words are theirs. */
const RAISED = /^P0...$/;

function withoutValues({ code = '', message }: DatabaseError): string {
  if (RAISED.test(code)) return `The database has raised ${code}.`;
  const shown = QUOTES_NAMES.test(code) ? message : message.replace(/["'].*["']/s, '…');
  return shown.split('\n', 1).join();
}
