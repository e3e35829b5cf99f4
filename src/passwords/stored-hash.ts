import { createHash, createHmac } from 'node:crypto';

/**
 * - `bcrypt-sha256-v2`: what this server writes. bcrypt(base64(HMAC-SHA-256(key: salt, message: password))).
 * - `bcrypt-sha256-v1`: an older form of the same library. bcrypt(base64(SHA-256(password))).
 * - `bcrypt`: plain, from other servers. It ignores what follows the 72nd byte.
 */
type HashScheme = 'bcrypt-sha256-v2' | 'bcrypt-sha256-v1' | 'bcrypt';

/** A password hash, taken apart. Salt and digest are in bcrypt's own base64: 22 and 31 characters. */
export interface StoredHash {
  scheme: HashScheme;
  /** log2 of the rounds. */
  cost: number;
  salt: string;
  digest: string;
}

/** Costs 4 to 15. A single imported hash of cost 20 would hold a thread for minutes at each guess. */
const COST = '(?<cost>[4-9]|1[0-5])';
const PADDED_COST = '(?<cost>0[4-9]|1[0-5])';
const DIGEST = '(?<digest>[./A-Za-z0-9]{31})';
/** The last character of 16 bytes in base64 carries two bits; others than these four have padding bits set. */
const SALT = '(?<salt>[./A-Za-z0-9]{21}[.Oeu])';
/** Some older libraries did set the padding bits, and bcrypt ignores them. */
const LENIENT_SALT = '(?<salt>[./A-Za-z0-9]{22})';

/** https://passlib.readthedocs.io/en/stable/lib/passlib.hash.bcrypt_sha256.html */
const FORMATS: readonly (readonly [HashScheme, RegExp])[] = [
  ['bcrypt-sha256-v2', new RegExp(`^\\$bcrypt-sha256\\$v=2,t=2b,r=${COST}\\$${SALT}\\$${DIGEST}$`)],
  ['bcrypt-sha256-v1', new RegExp(`^\\$bcrypt-sha256\\$2[aby],${COST}\\$${SALT}\\$${DIGEST}$`)],
  ['bcrypt', new RegExp(`^\\$2[aby]\\$${PADDED_COST}\\$${LENIENT_SALT}${DIGEST}$`)],
];

/** `undefined` for a corrupt hash and for a scheme that this server does not know. */
export function parseHash(stored: string): StoredHash | undefined {
  for (const [scheme, pattern] of FORMATS) {
    const { cost, salt, digest } = pattern.exec(stored)?.groups ?? {};
    if (cost && salt && digest) return { scheme, cost: Number(cost), salt, digest };
  }
  return undefined;
}

/** The text for the database, in the scheme of this server. */
export function formatHash({ cost, salt, digest }: Omit<StoredHash, 'scheme'>): string {
  return `$bcrypt-sha256$v=2,t=2b,r=${cost}$${salt}$${digest}`;
}

/**
 * The bytes that go into bcrypt. Only our own scheme normalises: the others hashed what they received, and a
 * pre-hash of 44 characters is never cut at 72 bytes and contains no NUL.
 */
export function bcryptKey({ scheme, salt }: Pick<StoredHash, 'scheme' | 'salt'>, password: string): Buffer {
  switch (scheme) {
    case 'bcrypt-sha256-v2':
      return Buffer.from(createHmac('sha256', salt).update(password.normalize('NFC'), 'utf8').digest('base64'));
    case 'bcrypt-sha256-v1':
      return Buffer.from(createHash('sha256').update(password, 'utf8').digest('base64'));
    case 'bcrypt':
      return Buffer.from(password, 'utf8');
  }
}
