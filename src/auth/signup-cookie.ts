import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../common/constant-time.js';

/** Whose sign-up a cookie is of. */
export interface SignedUp {
  readonly id: string;
  readonly email: string;
}

const PREFIX = 'lks_';
const MAC_BYTES = 32;
const SEPARATOR = '.';
/** Sign-ups of one browser that a cookie shows, the latest first. */
const MOST = 3;

/**
 * The value of the cookie that `signup` leaves: `lks_` and the base64url of an HMAC-SHA-256 over the account's id and e-mail.
 * It says "this browser made that account", which is asked when an address is confirmed, and opens nothing.
 */
export const formatSignupCookie = (secret: string, account: SignedUp): string =>
  PREFIX + mac(secret, account).toString('base64url');

/** For an address that has an account already: as good to look at, and of no account. */
export const decoySignupCookie = (): string => PREFIX + randomBytes(MAC_BYTES).toString('base64url');

/** Puts the value of a sign-up before those of the same browser. Each sign-up adds one, whether its address was taken or not. */
export const withFormerSignups = (cookie: string, former = ''): string =>
  PREFIX + [...valuesOf(cookie), ...valuesOf(former)].slice(0, MOST).join(SEPARATOR);

/** True if one of the secrets made a value of this cookie for this account. */
export function isSignupCookieOf(cookie: string, account: SignedUp, secrets: readonly string[]): boolean {
  const values = valuesOf(cookie).map((value) => Buffer.from(value, 'base64url'));
  return secrets.some((secret) => {
    const expected = mac(secret, account);
    return values.some((value) => constantTimeEqual(expected, value));
  });
}

const VALUES = new RegExp(`^${PREFIX}[\\w${SEPARATOR}-]{1,${String(MOST * 44)}}$`);

const valuesOf = (cookie: string): string[] =>
  VALUES.test(cookie) ? cookie.slice(PREFIX.length).split(SEPARATOR).slice(0, MOST) : [];

function mac(secret: string, { id, email }: SignedUp): Buffer {
  const key = hkdfSync('sha256', secret, '', 'latchkey/signup-cookie', 32);
  return createHmac('sha256', new Uint8Array(key)).update(id).update(email).digest();
}
