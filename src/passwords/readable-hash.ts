import { foreignVerifier } from './foreign-hash.js';
import { parseHash } from './stored-hash.js';

/** True for a hash with which its owner can sign in here: of a known scheme, whole, and within the bounds of its cost. */
export const isReadableHash = (stored: string): boolean =>
  parseHash(stored) !== undefined || foreignVerifier(stored) !== undefined;
