import { revisionOfState } from '../common/revision.js';
import type { UserRecord } from './user.entity.js';

/**
 * Of what an administrator can change of an account.
 *
 * @param roles the names of those that it holds
 */
export function revisionOf(user: UserRecord, roles: readonly string[]): string {
  const { email, emailVerified, name, disabledAt, disabledReason } = user;
  const held = roles.toSorted();
  return revisionOfState([email, emailVerified, name ?? null, disabledAt ?? null, disabledReason ?? null, held]);
}
