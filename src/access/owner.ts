import { forbidden } from './access.errors.js';
import type { Principal } from './principal.js';

/**
 * What is left to the user alone, and not to an administrator who acts as them: credentials, and who is signed in.
 *
 * @throws AppError `FORBIDDEN`
 */
export function assertOwner({ impersonatorId }: Principal): void {
  if (impersonatorId !== undefined) throw forbidden('Only the user can do this, and nobody who acts as them.');
}
