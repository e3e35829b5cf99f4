import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { MAX_ADDED_ROLES } from '../roles/role-names.js';

const conflict = (message: string, action: ErrorAction): AppError =>
  new AppError(ErrorCode.CONFLICT, message, { action });

/** Somebody else has changed the row since it was looked at. */
export const changedMeanwhile = (): AppError =>
  conflict(
    'Somebody has changed it meanwhile. Look at it again, and repeat the change if it still fits.',
    ErrorAction.FIX_INPUT,
  );

export const roleExists = (): AppError => conflict('There is a role of this name already.', ErrorAction.FIX_INPUT);

export const tooManyRoles = (): AppError =>
  conflict(
    `There are ${MAX_ADDED_ROLES} roles besides those that are built in. Delete one that is not needed first.`,
    ErrorAction.NONE,
  );

export const roleInUse = (): AppError =>
  conflict('Users hold this role. Name a replacement, or take it from them first.', ErrorAction.FIX_INPUT);

export const builtInRole = (): AppError => conflict('This role is built in and stays as it is.', ErrorAction.NONE);

export const disabledTarget = (): AppError => conflict('The account is disabled.', ErrorAction.NONE);
