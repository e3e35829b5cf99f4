import { DriverException } from '@mikro-orm/core';

/**
 * An error's message for a log or a terminal. PostgreSQL's detail of a failed row, which the ORM puts on the lines
 * after the first, holds all values of the row, the password hash among them (ASVS 16.2.5).
 */
export function safeMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof DriverException ? (error.message.split('\n', 1)[0] ?? '') : error.message;
}

/** Where the error came from, without its message, which a stack begins with. */
export function framesOf(error: Error): string {
  const lines = error.stack?.split('\n') ?? [];
  return lines.filter((line) => line.trimStart().startsWith('at ')).join('\n');
}
