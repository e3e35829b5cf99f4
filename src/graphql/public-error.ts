import { ConnectionException, LockWaitTimeoutException } from '@mikro-orm/core';
import { HttpException } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';

/** What a client is told to wait, in seconds, while a dependency is down. */
const RETRY_AFTER_SECONDS = 2;

/** Nest's HTTP exceptions, which guards, pipes and the resolvers of a fork throw, by status. */
const CODE_BY_STATUS = new Map<number, ErrorCode>([
  [400, ErrorCode.BAD_REQUEST],
  [401, ErrorCode.UNAUTHENTICATED],
  [403, ErrorCode.FORBIDDEN],
  [404, ErrorCode.NOT_FOUND],
  [409, ErrorCode.CONFLICT],
  [422, ErrorCode.BAD_USER_INPUT],
  [429, ErrorCode.TOO_MANY_REQUESTS],
  [503, ErrorCode.SERVICE_UNAVAILABLE],
]);

/** The code of a refusal by HTTP status, undefined where a status says nothing that a client could act on. */
export const codeOfStatus = (status: number): ErrorCode | undefined => CODE_BY_STATUS.get(status);

/** What a client may know of anything that was thrown. Whatever is not meant for clients becomes one fixed sentence. */
export function publicErrorOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDatabaseAway(error)) {
    const details = { action: ErrorAction.RETRY, retryAfter: RETRY_AFTER_SECONDS, cause: error };
    return new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'The service is not available for a moment.', details);
  }
  const code = error instanceof HttpException ? codeOfStatus(error.getStatus()) : undefined;
  if (code && error instanceof HttpException) return new AppError(code, error.message, { cause: error });
  return new AppError(ErrorCode.INTERNAL_SERVER_ERROR, 'Something went wrong on our side.', {
    action: ErrorAction.NONE,
    cause: error,
  });
}

/** How `pg` and its pool say that a connection was lost or could not be had, for they give these errors no code. */
const LOST_CONNECTION =
  /(?:^| - )(?:Connection terminated(?: unexpectedly| due to connection timeout)?|timeout exceeded when trying to connect|Client (?:has encountered a connection error|was closed) and is not queryable)$/;

/** The database can not be reached, is going away, or is locked: nothing was written, a retry may succeed. */
function isDatabaseAway(error: unknown): boolean {
  if (error instanceof ConnectionException || error instanceof LockWaitTimeoutException) return true;
  const { code, message } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Partial<NodeJS.ErrnoException>;
  if (code === undefined) return LOST_CONNECTION.test(message ?? '');
  // PostgreSQL classes 08 (connection) and 57P (operator intervention), a lost race for a lock (class 40, 55P03),
  // Node's socket errors, SQLite's lock errors.
  return /^(08...|40...|57P..|55P03|53300|ECONN.*|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|SQLITE_BUSY.*|SQLITE_LOCKED.*)$/.test(
    code,
  );
}
