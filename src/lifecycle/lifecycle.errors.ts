import { unauthenticated } from '../access/access.errors.js';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';

/** RFC 9470: the session stands, but its sign-in is too long ago for this. */
export const reauthenticationRequired = (): AppError =>
  unauthenticated(
    ErrorReason.REAUTHENTICATION_REQUIRED,
    'Send the password where the operation takes it, or sign in again first.',
    ErrorAction.REAUTHENTICATE,
  );

/** The password of the signed-in user. */
export const wrongPassword = (): AppError =>
  new AppError(ErrorCode.INVALID_CREDENTIALS, 'The password is wrong.', { action: ErrorAction.FIX_INPUT });

export const magicLinksOff = (): AppError =>
  new AppError(ErrorCode.FORBIDDEN, 'This server sends no links to sign in with.', { action: ErrorAction.NONE });
