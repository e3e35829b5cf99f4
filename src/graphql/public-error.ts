import { HttpException } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { isDatabaseAway } from '../database/outage.js';

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
