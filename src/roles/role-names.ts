import { badInput } from '../common/bad-input.js';

/** The roles of a user are part of each of their access tokens, which has to fit into a cookie (4 kB, RFC 6265 section 6.1). */
export const MAX_ROLES = 20;
/** Of all names together. */
export const MAX_ROLE_CHARACTERS = 1_000;

/**
 * How many roles there are at most, besides those that are built in. `roles` returns every role at once: a document that asks for all
 * fields of so many is not a dear one yet (`throttle/limits.ts`).
 */
export const MAX_ADDED_ROLES = 100;

export const rolesFit = (names: readonly string[]): boolean =>
  names.length <= MAX_ROLES && names.join('').length <= MAX_ROLE_CHARACTERS;

export const TOO_MANY_ROLES = `must not be more than ${MAX_ROLES} roles, with names of ${MAX_ROLE_CHARACTERS} characters together`;

/** @throws AppError `BAD_USER_INPUT` */
export function assertRolesFit(names: readonly string[], path = 'roles'): void {
  if (!rolesFit(names)) throw badInput(path, TOO_MANY_ROLES);
}
