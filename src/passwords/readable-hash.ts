import { isStorable } from '../common/storable.js';
import { foreignVerifier } from './foreign-hash.js';
import { parseHash } from './stored-hash.js';

/** What the column holds (`users/user.entity.ts`). */
const MAX_LENGTH = 512;

/** True for a hash with which its owner can sign in here: of a known scheme, whole, and within the bounds of its cost. */
export const isReadableHash = (stored: string): boolean =>
  // The salt of Django's form can be any text.
  stored.length <= MAX_LENGTH &&
  isStorable(stored) &&
  (parseHash(stored) !== undefined || foreignVerifier(stored) !== undefined);
