import { revisionOfState } from '../common/revision.js';
import type { UserRecord } from './user.entity.js';

/** Between the parts of a revision. */
const SEPARATOR = '.';

/**
 * Of what an administrator can change of an account. The name has a part of its own, because its user changes it at will.
 *
 * @param roles the names of those that it holds
 */
export function revisionOf(user: UserRecord, roles: readonly string[]): string {
  const { email, emailVerified, name, disabledAt, disabledReason } = user;
  const held = roles.toSorted();
  const standing = revisionOfState([email, emailVerified, disabledAt ?? null, disabledReason ?? null, held]);
  return [standing, revisionOfState([name ?? null])].join(SEPARATOR);
}

/** The same without the name, for a change that does not depend on it. */
export const withoutName = (revision: string): string => revision.slice(0, revision.lastIndexOf(SEPARATOR));
