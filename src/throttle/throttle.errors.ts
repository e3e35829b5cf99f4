import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';

/** Names the limit (docs/rate-limits.md) and the wait in seconds, and nothing about the account. */
export const tooManyRequests = (limit: string, retryAfter: number): AppError =>
  new AppError(ErrorCode.TOO_MANY_REQUESTS, `Too many attempts (limit: ${limit}). Wait for ${retryAfter} s.`, {
    action: ErrorAction.RETRY,
    retryAfter,
  });
