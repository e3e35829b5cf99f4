import { USER_ROLE } from '../access/permissions.js';
import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import type { User } from '../users/user.entity.js';

/** As it is called on the command line, by every command that gives roles to accounts whose addresses may not be confirmed. */
export interface UnconfirmedOption {
  readonly unconfirmed?: true;
}

export const UNCONFIRMED = [
  '--unconfirmed',
  'also when the address is not confirmed: be sure whose account it is',
] as const;

/** Anybody can sign up with the address of another person, and wait for the role that was meant for that one. */
export function mayReceive({ unconfirmed }: UnconfirmedOption): (user: User, added: readonly string[]) => void {
  return ({ email, emailVerified }, added) => {
    if (unconfirmed || emailVerified || added.every((name) => name === USER_ROLE)) return;
    throw new AppError(
      ErrorCode.CONFLICT,
      `${email} is not confirmed: a stranger can have signed up with it. Nothing was done. When you know whose account it is, ` +
        'confirm it with `user verify`, or repeat this with --unconfirmed.',
    );
  };
}
