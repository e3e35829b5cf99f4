import { createHash, hkdfSync } from 'node:crypto';

/** What a token may be used for, and for nothing else. */
export type TokenPurpose = 'email_verification' | 'password_reset' | 'magic_link' | 'email_change' | 'email_revert';

const PREFIX = 'lko_';
const TOKEN_BYTES = 32;

/** `lko_` and 32 bytes in base64url. */
const FORM = /^lko_[A-Za-z0-9_-]{43}$/;

/**
 * The token of a mail: HKDF-SHA-256 of the server's secret and the 256 random bits in the mail's row. So every attempt to
 * send the mail carries the same link, and the database alone makes none. What is looked up is its hash.
 */
export function oneTimeToken(secret: string, salt: string, purpose: TokenPurpose): string {
  const bytes = hkdfSync('sha256', secret, salt, `latchkey/one-time-token/${purpose}`, TOKEN_BYTES);
  return PREFIX + Buffer.from(bytes).toString('base64url');
}

/** SHA-256, base64url: enough for a secret of 256 bits (ASVS 6.5.2). Undefined for what can not be a token. */
export function oneTimeTokenHash(token: string): string | undefined {
  return FORM.test(token) ? createHash('sha256').update(token).digest('base64url') : undefined;
}
