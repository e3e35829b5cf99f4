import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What is wrapped. The purpose goes into the wrapping key, the name into the seal: nothing can pose as something else. */
export interface Wrapped {
  readonly purpose: string;
  readonly name: string;
}

/**
 * Wraps a key for the database: base64url(salt, iv, tag, AES-256-GCM(key)). The wrapping key is derived from `secret` and
 * a fresh salt.
 */
export function wrap(key: Uint8Array, { purpose, name }: Wrapped, secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(secret, salt, purpose), iv).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The key, or undefined when `secret` is not the one that wrapped it or the text was altered. */
export function unwrap(wrapped: string, { purpose, name }: Wrapped, secret: string): Buffer | undefined {
  const bytes = Buffer.from(wrapped, 'base64url');
  const salt = bytes.subarray(0, SALT_BYTES);
  const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
  const tag = bytes.subarray(SALT_BYTES + IV_BYTES, SALT_BYTES + IV_BYTES + TAG_BYTES);
  try {
    const key = wrappingKey(secret, salt, purpose);
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(name)).setAuthTag(tag);
    const sealed = bytes.subarray(SALT_BYTES + IV_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    // GCM refuses a wrong key and an altered text alike; which of the two it was can not be told.
    return undefined;
  }
}

function wrappingKey(secret: string, salt: Buffer, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, purpose, 32));
}
