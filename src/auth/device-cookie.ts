import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../common/constant-time.js';

/**
 * The value of the device cookie: `lkd_` and the base64url of a random device id (16 bytes) and an HMAC-SHA-256 over it and
 * the account (32). It says "this device has signed in to that account since its password was chosen", and opens nothing by
 * itself.
 *
 * @see https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
const PREFIX = 'lkd_';
const ID_BYTES = 16;
const COOKIE_BYTES = ID_BYTES + 32;

/** What a device is known to. With any of it, the devices that were known are strangers. */
export interface DeviceAccount {
  readonly id: string;
  readonly email: string;
  readonly passwordChangedAt?: Date | null | undefined;
}

/** A well-formed cookie. Nothing about it is trusted until `isDeviceOf` says so. */
export interface PresentedDevice {
  readonly id: string;
  readonly mac: Uint8Array;
}

export const newDeviceId = (): string => randomBytes(ID_BYTES).toString('base64url');

export function formatDeviceCookie(secret: string, deviceId: string, account: DeviceAccount): string {
  const id = Buffer.from(deviceId, 'base64url');
  return PREFIX + Buffer.concat([id, mac(secret, deviceId, account)]).toString('base64url');
}

/** The parts of a cookie, or undefined for anything that this server cannot have written. */
export function parseDeviceCookie(cookie: string): PresentedDevice | undefined {
  const encoded = cookie.startsWith(PREFIX) ? cookie.slice(PREFIX.length) : '';
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length !== COOKIE_BYTES || bytes.toString('base64url') !== encoded) return undefined;
  return { id: bytes.subarray(0, ID_BYTES).toString('base64url'), mac: bytes.subarray(ID_BYTES) };
}

/** True when one of the secrets made the cookie for the account as it is now. */
export function isDeviceOf(device: PresentedDevice, account: DeviceAccount, secrets: readonly string[]): boolean {
  return secrets.some((secret) => constantTimeEqual(mac(secret, device.id, account), device.mac));
}

function mac(secret: string, deviceId: string, { id, email, passwordChangedAt }: DeviceAccount): Buffer {
  const key = hkdfSync('sha256', secret, '', 'latchkey/device-cookie', 32);
  const facts = JSON.stringify([deviceId, id, email, passwordChangedAt?.getTime() ?? 0]);
  return createHmac('sha256', new Uint8Array(key)).update(facts).digest();
}
