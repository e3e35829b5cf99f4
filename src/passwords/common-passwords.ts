import { readFileSync } from 'node:fs';
import { BloomFilter } from './bloom-filter.js';

/** `src/` and `dist/` are both one folder below the root, so the path holds before and after the build. */
const filter = new BloomFilter(readFileSync(new URL('../../assets/common-passwords.bloom', import.meta.url)));

/**
 * Whether the password, in any mix of upper and lower case, is on the list of common ones (ASVS 6.2.4, 6.2.12).
 * About one in a thousand others is taken for a common one: its owner picks another.
 */
export function isCommonPassword(password: string): boolean {
  return filter.has(password.toLowerCase());
}

// A cut or converted file would let every password pass without a word.
if (!isCommonPassword('password')) {
  throw new Error('assets/common-passwords.bloom is damaged: fetch it again or run scripts/build-password-filter.mjs');
}
