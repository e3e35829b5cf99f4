import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { constantTimeEqual } from '../../common/constant-time.js';
import { DIGEST_BYTES, fromBase64, isDigest, type Verifier } from './verifier.js';

const derive = promisify(pbkdf2);

const HASH = '(sha1|sha256|sha512)';
const B64 = '[A-Za-z0-9+/.]+={0,2}';
/** passlib's: `$pbkdf2$…` is SHA-1, `$pbkdf2-sha256$29000$salt$hash`. */
const PASSLIB = new RegExp(`^\\$pbkdf2(?:-${HASH})?\\$(\\d{1,8})\\$(${B64})\\$(${B64})$`);
/** The PHC string format: `$pbkdf2-sha512$i=210000,l=64$salt$hash`. */
const PHC = new RegExp(`^\\$pbkdf2-${HASH}\\$i=(\\d{1,8})(?:,l=\\d+)?\\$(${B64})\\$(${B64})$`);
/** Django's: the salt is text. */
const DJANGO = new RegExp(`^pbkdf2_${HASH}\\$(\\d{1,8})\\$([^$]+)\\$(${B64})$`);

/** Rounds times blocks. More than anybody recommends (OWASP: 1,400,000 rounds of SHA-1), and about a second of a core. */
const MAX_WORK = 2_000_000;

/** PBKDF2 (RFC 8018 section 5.2), with SHA-1, SHA-256 or SHA-512. */
export function pbkdf2Verifier(stored: string): Verifier | undefined {
  const django = DJANGO.exec(stored);
  const [, hash = 'sha1', count, salt = '', encoded = ''] = django ?? PHC.exec(stored) ?? PASSLIB.exec(stored) ?? [];
  const iterations = Number(count);
  const digest = fromBase64(encoded);
  // Each block of the digest, which is as long as a hash, takes all rounds.
  const blocks = Math.ceil(digest.length / (DIGEST_BYTES[hash] ?? NaN));
  if (!(iterations >= 1 && iterations * blocks <= MAX_WORK) || !isDigest(digest)) return undefined;
  const saltBytes = django ? Buffer.from(salt) : fromBase64(salt);
  return async (password) =>
    constantTimeEqual(await derive(password, saltBytes, iterations, digest.length, hash), digest);
}

/** In the PHC string format, of base64. */
export const formatPbkdf2 = (hash: string, iterations: number, salt: string, digest: string): string =>
  `$pbkdf2-${hash}$i=${iterations}$${salt}$${digest}`;
