import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Wraps a private key for the database: base64url(salt, iv, tag, AES-256-GCM(PKCS #8)). The wrapping key is derived
 * from `secret` and a fresh salt; the `kid` is bound as additional data, so a wrapped key can not pose as another.
 */
export function wrapPrivateKey(key: KeyObject, kid: string, secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(secret, salt), iv).setAAD(Buffer.from(kid));
  const sealed = Buffer.concat([cipher.update(key.export({ format: 'der', type: 'pkcs8' })), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The private key, or undefined when `secret` is not the one that wrapped it or the row was altered. */
export function unwrapPrivateKey(wrapped: string, kid: string, secret: string): KeyObject | undefined {
  const bytes = Buffer.from(wrapped, 'base64url');
  const salt = bytes.subarray(0, SALT_BYTES);
  const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
  const tag = bytes.subarray(SALT_BYTES + IV_BYTES, SALT_BYTES + IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(secret, salt), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(kid)).setAuthTag(tag);
    const sealed = bytes.subarray(SALT_BYTES + IV_BYTES + TAG_BYTES);
    const key = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } catch {
    // GCM refuses a wrong key and an altered row alike; which of the two it was can not be told.
    return undefined;
  }
}

function wrappingKey(secret: string, salt: Buffer): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'latchkey/signing-key', 32));
}
