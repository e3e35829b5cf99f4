import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { parse as parseUuid } from 'uuid';
import { constantTimeEqual } from '../common/constant-time.js';

/**
 * The refresh token: `lkr_` and the base64url of version (1 byte), session id (16), counter (4), HMAC-SHA-256 (32).
 *
 * The HMAC's key is derived from `JWT_SECRET` and a salt in the session's row, so neither a copy of the database nor
 * the secret alone can make one. The row keeps only the counter, so there is no row per token and nothing to purge.
 */
const PREFIX = 'lkr_';
const VERSION = 1;
const UUID_BYTES = 16;
const BODY_BYTES = 1 + UUID_BYTES + 4;
const TOKEN_BYTES = BODY_BYTES + 32;
const SALT_BYTES = 32;

/** A well-formed token. Nothing about it is trusted until `isGenuine` says so. */
export interface ParsedRefreshToken {
  readonly sessionId: string;
  readonly counter: number;
  readonly body: Uint8Array;
  readonly mac: Uint8Array;
}

export const newRefreshSalt = (): string => randomBytes(SALT_BYTES).toString('base64url');

/**
 * The key of all refresh tokens of one session. To derive it costs more than to use it.
 *
 * @param secret `JWT_SECRET`, or one that it was before
 * @param salt of the session's row
 */
export function refreshKeyOf(secret: string, salt: string): KeyObject {
  const key = hkdfSync('sha256', secret, Buffer.from(salt, 'base64url'), 'latchkey/refresh-token', 32);
  return createSecretKey(new Uint8Array(key));
}

export function formatRefreshToken(key: KeyObject, sessionId: string, counter: number): string {
  const body = Buffer.alloc(BODY_BYTES);
  body.writeUInt8(VERSION, 0);
  body.set(parseUuid(sessionId), 1);
  body.writeUInt32BE(counter, 1 + UUID_BYTES);
  return PREFIX + Buffer.concat([body, mac(key, body)]).toString('base64url');
}

/** The parts of a token, or undefined for anything that this server can not have written. */
export function parseRefreshToken(token: string): ParsedRefreshToken | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  const encoded = token.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // The comparison refuses every other spelling of the same bytes.
  if (bytes.length !== TOKEN_BYTES || bytes.toString('base64url') !== encoded || bytes[0] !== VERSION) return undefined;
  return {
    sessionId: formatUuid(bytes.subarray(1, 1 + UUID_BYTES)),
    counter: bytes.readUInt32BE(1 + UUID_BYTES),
    body: bytes.subarray(0, BODY_BYTES),
    mac: bytes.subarray(BODY_BYTES),
  };
}

/** True when this key made the token. */
export function isGenuine(token: ParsedRefreshToken, key: KeyObject): boolean {
  return constantTimeEqual(mac(key, token.body), token.mac);
}

/** Any 16 bytes, also those that no UUID version would have: they are looked up and not found. */
function formatUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function mac(key: KeyObject, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
