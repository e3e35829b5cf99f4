import { revisionOfState } from '../common/revision.js';
import type { User } from './user.entity.js';

/** Of what an administrator can change of an account. The roles have to be loaded. */
export function revisionOf({ email, emailVerified, name, disabledAt, disabledReason, roles }: User): string {
  const held = roles.getItems().map((role) => role.name);
  return revisionOfState([email, emailVerified, name ?? null, disabledAt ?? null, disabledReason ?? null, held.sort()]);
}
