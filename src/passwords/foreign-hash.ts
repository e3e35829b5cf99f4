import { argon2Verifier } from './schemes/argon2.js';
import { pbkdf2Verifier } from './schemes/pbkdf2.js';
import { saltedShaVerifier, shaCryptVerifier } from './schemes/salted-sha.js';
import { firebaseScryptVerifier, scryptVerifier } from './schemes/scrypt.js';
import type { Verifier } from './schemes/verifier.js';

/** What imported users come with, besides bcrypt. Each form is unmistakable. */
const SCHEMES = [
  argon2Verifier,
  scryptVerifier,
  firebaseScryptVerifier,
  pbkdf2Verifier,
  saltedShaVerifier,
  shaCryptVerifier,
];

/** How to check a password against a hash of another server. Undefined for one that is unknown, damaged or too costly. */
export function foreignVerifier(stored: string): Verifier | undefined {
  for (const scheme of SCHEMES) {
    const verify = scheme(stored);
    if (verify) return verify;
  }
  return undefined;
}
