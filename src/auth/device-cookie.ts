import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../common/constant-time.js';

/**
 * The value of the device cookie: `lkd_` and the base64url of a random device id (16 bytes) and an HMAC-SHA-256 over it
 * and the account's e-mail (32). It says "this device has signed in to that account", and opens nothing by itself.
 *
 * @see https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
const PREFIX = 'lkd_';
const ID_BYTES = 16;
const COOKIE_BYTES = ID_BYTES + 32;

export const newDeviceId = (): string => randomBytes(ID_BYTES).toString('base64url');

export function formatDeviceCookie(secret: string, deviceId: string, email: string): string {
  const id = Buffer.from(deviceId, 'base64url');
  return PREFIX + Buffer.concat([id, mac(secret, id, email)]).toString('base64url');
}

/** The device id, if one of the secrets made this cookie for this account. */
export function deviceIdOf(cookie: string, email: string, secrets: readonly string[]): string | undefined {
  const encoded = cookie.startsWith(PREFIX) ? cookie.slice(PREFIX.length) : '';
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length !== COOKIE_BYTES || bytes.toString('base64url') !== encoded) return undefined;
  const id = bytes.subarray(0, ID_BYTES);
  const isGenuine = secrets.some((secret) => constantTimeEqual(mac(secret, id, email), bytes.subarray(ID_BYTES)));
  return isGenuine ? id.toString('base64url') : undefined;
}

function mac(secret: string, id: Uint8Array, email: string): Buffer {
  const key = hkdfSync('sha256', secret, '', 'latchkey/device-cookie', 32);
  return createHmac('sha256', new Uint8Array(key)).update(id).update(email).digest();
}
