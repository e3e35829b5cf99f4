import { AppError, type ErrorSubject } from '../common/app-error.js';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';

/** `UNAUTHENTICATED`: who the caller is could not be established; `reason` says why and `action` what to do. */
export function unauthenticated(
  reason: ErrorReason,
  message: string,
  action: ErrorAction,
  subject?: ErrorSubject,
): AppError {
  return new AppError(ErrorCode.UNAUTHENTICATED, message, { reason, action, ...(subject && { subject }) });
}

export const tokenMissing = (action = ErrorAction.LOGIN): AppError =>
  unauthenticated(ErrorReason.TOKEN_MISSING, 'Sign in: this field needs an access token.', action);

/** `FORBIDDEN`: the caller is known and may not. A new login would not help. */
export const forbidden = (message = 'You are not allowed to use this field.'): AppError =>
  new AppError(ErrorCode.FORBIDDEN, message, { action: ErrorAction.NONE });

/** `NOT_FOUND`: no such row, or another's row. The two can not be told apart. */
export const notFound = (message: string): AppError =>
  new AppError(ErrorCode.NOT_FOUND, message, { action: ErrorAction.NONE });
