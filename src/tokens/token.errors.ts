import { unauthenticated } from '../access/access.errors.js';
import { AppError, type ErrorSubject } from '../common/app-error.js';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';

/** One text for every fault of a token: which of the checks it failed is for nobody but its maker. */
export const tokenInvalid = (): AppError =>
  unauthenticated(ErrorReason.TOKEN_INVALID, 'The access token is not valid.', ErrorAction.REFRESH);

export const tokenExpired = (subject: ErrorSubject): AppError =>
  unauthenticated(ErrorReason.TOKEN_EXPIRED, 'The access token has expired.', ErrorAction.REFRESH, subject);

export const tokenStale = (subject: ErrorSubject): AppError =>
  unauthenticated(
    ErrorReason.TOKEN_STALE,
    'Your roles have changed since this token was issued.',
    ErrorAction.REFRESH,
    subject,
  );

export const tokenRevoked = (subject: ErrorSubject): AppError =>
  unauthenticated(ErrorReason.TOKEN_REVOKED, 'The session of this token has ended.', ErrorAction.LOGIN, subject);

/** One answer for a token that is wrong, used, expired, replaced, void or of another purpose. Ask for a new link. */
export const oneTimeTokenInvalid = (): AppError =>
  new AppError(ErrorCode.BAD_USER_INPUT, 'The link is not valid, or no longer. Ask for a new one.', {
    reason: ErrorReason.ONE_TIME_TOKEN_INVALID,
    action: ErrorAction.FIX_INPUT,
  });
