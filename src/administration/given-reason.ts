import { badInput } from '../common/bad-input.js';
import { isOneLine, NOT_ONE_LINE } from '../common/one-line.js';

/** In UTF-16 units. */
export const MAX_REASON_LENGTH = 500;

/**
 * Why an administrator does something, as users, administrators and operators are shown it. Blanks alone are no reason.
 *
 * @throws AppError `BAD_USER_INPUT`
 */
export function givenReason(given: string | null): string | null {
  const reason = given?.trim();
  if (!reason) return null;
  if (reason.length > MAX_REASON_LENGTH) {
    throw badInput('reason', `must not be longer than ${MAX_REASON_LENGTH} characters`);
  }
  if (!isOneLine(reason)) throw badInput('reason', NOT_ONE_LINE);
  return reason;
}
