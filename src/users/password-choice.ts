import type { User } from './user.entity.js';

/** Whose password it is, and of which password something is. */
type OfPassword = Readonly<Pick<User, 'passwordChangedAt'>>;

/**
 * Gives an account another password, or none, in the transaction that holds its row. `passwordChangedAt` grows whatever the
 * clocks of instances say, so that it names the password: no two of an account have the same.
 */
export function choosePassword(user: User, passwordHash: string | null, now: Date): void {
  const former = user.passwordChangedAt?.getTime() ?? NaN;
  user.passwordHash = passwordHash;
  user.passwordChangedAt = new Date(Number.isNaN(former) ? now : Math.max(now.getTime(), former + 1));
}

/** True when something that tells of which password it is, such as a session, is of the present one. Which came first is never asked. */
export const isOfPresentPassword = (of: OfPassword, user: OfPassword): boolean =>
  of.passwordChangedAt?.getTime() === user.passwordChangedAt?.getTime();
