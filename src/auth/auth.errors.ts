import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';

/** One answer for an unknown address, a wrong password, an account without one and a disabled account. */
export const invalidCredentials = (): AppError =>
  new AppError(ErrorCode.INVALID_CREDENTIALS, 'E-mail or password is wrong.', { action: ErrorAction.FIX_INPUT });

export const emailTaken = (path = 'input.email'): AppError =>
  new AppError(ErrorCode.EMAIL_TAKEN, 'An account with this e-mail exists already.', {
    action: ErrorAction.FIX_INPUT,
    fields: [{ path, message: 'belongs to an existing account' }],
  });

export const signupClosed = (): AppError =>
  new AppError(ErrorCode.FORBIDDEN, 'Sign-up is closed on this server.', { action: ErrorAction.NONE });

export const lastAdmin = (): AppError =>
  new AppError(ErrorCode.CONFLICT, 'The last administrator can not lose the role or the account.', {
    action: ErrorAction.NONE,
  });
