import { unauthenticated } from '../access/access.errors.js';
import type { AppError, ErrorSubject } from '../common/app-error.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';

const login =
  (reason: ErrorReason, message: string) =>
  (subject?: ErrorSubject): AppError =>
    unauthenticated(reason, message, ErrorAction.LOGIN, subject);

export const sessionExpired = login(ErrorReason.SESSION_EXPIRED, 'The session has reached its end. Sign in again.');
export const accountDisabled = login(ErrorReason.ACCOUNT_DISABLED, 'This account is disabled.');

const REFUSALS = {
  missing: login(ErrorReason.REFRESH_TOKEN_MISSING, 'No refresh token was sent.'),
  invalid: login(ErrorReason.REFRESH_TOKEN_INVALID, 'The refresh token is not valid.'),
  expired: login(ErrorReason.REFRESH_TOKEN_EXPIRED, 'The refresh token was not used for too long. Sign in again.'),
  reused: login(
    ErrorReason.REFRESH_TOKEN_REUSED,
    'This refresh token was used before, which may mean that it was stolen. The session was ended.',
  ),
  'session-revoked': login(ErrorReason.SESSION_REVOKED, 'The session was ended. Sign in again.'),
  'session-expired': sessionExpired,
  'account-disabled': accountDisabled,
} satisfies Record<string, (subject?: ErrorSubject) => AppError>;

/** Why a refresh token was refused. */
export type RefreshRefusal = keyof typeof REFUSALS;

export const refreshRefused = (refusal: RefreshRefusal, subject?: ErrorSubject): AppError => REFUSALS[refusal](subject);
