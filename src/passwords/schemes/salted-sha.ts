import { createHash } from 'node:crypto';
import { verify } from 'unixcrypt';
import { constantTimeEqual } from '../../common/constant-time.js';
import { DIGEST_BYTES, fromBase64, isDigest, type Verifier } from './verifier.js';

/** LDAP's (RFC 2307): base64 of the digest and the salt behind it. `{SHA}` has none. */
const LDAP = /^\{(S?)(SHA|SHA256|SHA512)\}([A-Za-z0-9+/]+={0,2})$/;
/** Ours for a salt before or behind the password: `$sha256$salt-first$salt$digest`, both base64. */
const PLAIN = /^\$(sha1|sha256|sha512)\$salt-(first|last)\$([A-Za-z0-9+/]*={0,2})\$([A-Za-z0-9+/]+={0,2})$/;
/** glibc's crypt(3), 5,000 rounds unless it says otherwise. It is computed on the main thread: hence the bounds. */
const CRYPT = /^\$(?:5\$(?=.*\$.{43}$)|6\$(?=.*\$.{86}$))(?:rounds=(\d{4,6})\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]+$/;
const MAX_ROUNDS = 20_000;
/** Each round goes over the password. A longer one fits nothing: its owner resets it. */
const MAX_PASSWORD_BYTES = 128;

const verifier =
  (hash: string, digest: Buffer, message: (password: Buffer) => Buffer[]): Verifier =>
  (password) => {
    const computed = createHash(hash)
      .update(Buffer.concat(message(Buffer.from(password))))
      .digest();
    return Promise.resolve(constantTimeEqual(computed, digest));
  };

/** One round of SHA over password and salt. Quick to guess: whoever signs in is hashed anew at once. */
export function saltedShaVerifier(stored: string): Verifier | undefined {
  const ldap = LDAP.exec(stored);
  if (ldap)
    return ldapVerifier(ldap[1] === 'S', ldap[2] === 'SHA' ? 'sha1' : (ldap[2] ?? '').toLowerCase(), ldap[3] ?? '');
  const [, hash = '', place, encodedSalt = '', encoded = ''] = PLAIN.exec(stored) ?? [];
  const [salt, digest] = [fromBase64(encodedSalt), fromBase64(encoded)];
  if (!isDigest(digest, DIGEST_BYTES[hash] ?? NaN)) return undefined;
  return verifier(hash, digest, (password) => (place === 'first' ? [salt, password] : [password, salt]));
}

function ldapVerifier(isSalted: boolean, hash: string, encoded: string): Verifier | undefined {
  const bytes = fromBase64(encoded);
  const length = DIGEST_BYTES[hash] ?? NaN;
  const salt = bytes.subarray(length);
  if (!isDigest(bytes.subarray(0, length), length) || isSalted !== salt.length > 0) return undefined;
  return verifier(hash, bytes.subarray(0, length), (password) => [password, salt]);
}

export function shaCryptVerifier(stored: string): Verifier | undefined {
  const match = CRYPT.exec(stored);
  if (!match || Number(match[1] ?? 0) > MAX_ROUNDS) return undefined;
  return (password) => Promise.resolve(Buffer.byteLength(password) <= MAX_PASSWORD_BYTES && verify(password, stored));
}
