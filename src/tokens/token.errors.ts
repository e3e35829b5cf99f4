import { unauthenticated } from '../access/access.errors.js';
import type { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';

/** One text for every fault of a token: which of the checks it failed is for nobody but its maker. */
export const tokenInvalid = (): AppError =>
  unauthenticated(ErrorReason.TOKEN_INVALID, 'The access token is not valid.', ErrorAction.REFRESH);

export const tokenExpired = (): AppError =>
  unauthenticated(ErrorReason.TOKEN_EXPIRED, 'The access token has expired.', ErrorAction.REFRESH);

export const tokenStale = (): AppError =>
  unauthenticated(ErrorReason.TOKEN_STALE, 'Your roles have changed since this token was issued.', ErrorAction.REFRESH);

export const tokenRevoked = (): AppError =>
  unauthenticated(ErrorReason.TOKEN_REVOKED, 'The session of this token has ended.', ErrorAction.LOGIN);
