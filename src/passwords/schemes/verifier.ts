/** Checks a password against one stored hash of another server. Its cost is bounded by whoever made it. */
export type Verifier = (password: string) => Promise<boolean>;

/** Of the hash functions that schemes are made of. */
export const DIGEST_BYTES: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** A digest that is shorter could be met by chance; a longer one only costs more. */
const MIN_DIGEST_BYTES = 16;
const MAX_DIGEST_BYTES = 64;

/** Base64 of any kind: with or without padding, and passlib's, which has a dot for the plus. */
export const fromBase64 = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64');

export const isDigest = (digest: Uint8Array, bytes?: number): boolean =>
  bytes === undefined
    ? digest.length >= MIN_DIGEST_BYTES && digest.length <= MAX_DIGEST_BYTES
    : digest.length === bytes;
