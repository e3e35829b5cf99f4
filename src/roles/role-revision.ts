import { revisionOfState } from '../common/revision.js';
import type { Role } from './role.entity.js';

/** Of what an administrator can change of a role. */
export const roleRevisionOf = ({ description, permissions }: Role): string =>
  revisionOfState([description ?? null, permissions]);
