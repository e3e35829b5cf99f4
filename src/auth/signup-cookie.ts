import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../common/constant-time.js';

/** Whose sign-up a cookie is of. */
export interface SignedUp {
  readonly id: string;
  readonly email: string;
}

const PREFIX = 'lks_';
const MAC_BYTES = 32;

/**
 * The value of the cookie that `signup` leaves: `lks_` and the base64url of an HMAC-SHA-256 over the account's id and e-mail.
 * It says "this browser made that account", which is asked when an address is confirmed, and opens nothing.
 */
export const formatSignupCookie = (secret: string, account: SignedUp): string =>
  PREFIX + mac(secret, account).toString('base64url');

/** For an address that has an account already: as good to look at, and of no account. */
export const decoySignupCookie = (): string => PREFIX + randomBytes(MAC_BYTES).toString('base64url');

/** True if one of the secrets made this cookie for this account. */
export function isSignupCookieOf(cookie: string, account: SignedUp, secrets: readonly string[]): boolean {
  const bytes = Buffer.from(cookie.startsWith(PREFIX) ? cookie.slice(PREFIX.length) : '', 'base64url');
  return secrets.some((secret) => constantTimeEqual(mac(secret, account), bytes));
}

function mac(secret: string, { id, email }: SignedUp): Buffer {
  const key = hkdfSync('sha256', secret, '', 'latchkey/signup-cookie', 32);
  return createHmac('sha256', new Uint8Array(key)).update(id).update(email).digest();
}
