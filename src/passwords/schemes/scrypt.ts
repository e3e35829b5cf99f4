import { createCipheriv, scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { constantTimeEqual } from '../../common/constant-time.js';
import { fromBase64, isDigest, type Verifier } from './verifier.js';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

const B64 = '[A-Za-z0-9+/]+={0,2}';
/** RFC 7914, as passlib and the PHC string format write it. */
const FORMAT = new RegExp(`^\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,2}),p=(\\d{1,2})\\$(${B64})\\$(${B64})$`);
/** Ours for Firebase's variant: salt, salt separator and signer key of the project, hash. */
const FIREBASE = new RegExp(
  `^\\$firebase-scrypt\\$ln=(\\d{1,2}),r=(\\d{1,2})\\$(${B64})\\$(${B64})?\\$(${B64})\\$(${B64})$`,
);

/** Bytes that one guess may take (128 * N * r), and how often it may go over them. */
const MAX_MEMORY = 2 ** 27;
const MAX_LANES = 4;

function optionsFor(ln: number, r: number, p: number): ScryptOptions | undefined {
  const N = 2 ** ln;
  const isBounded = 128 * N * r <= MAX_MEMORY && p <= MAX_LANES;
  // RFC 7914 section 2. With more there is no such hash, and to compute it fails.
  const isPossible = ln >= 1 && r >= 1 && p >= 1 && ln < 16 * r;
  return isBounded && isPossible ? { N, r, p, maxmem: 2 * MAX_MEMORY } : undefined;
}

export function scryptVerifier(stored: string): Verifier | undefined {
  const [, ln, r, p, salt = '', hash = ''] = FORMAT.exec(stored) ?? [];
  const options = optionsFor(Number(ln), Number(r), Number(p));
  const digest = fromBase64(hash);
  if (!options || !isDigest(digest)) return undefined;
  return async (password) =>
    constantTimeEqual(await derive(password, fromBase64(salt), digest.length, options), digest);
}

/** The parameters of a Firebase project, from its console, and one user of its export. */
export interface FirebaseHash {
  readonly memoryCost: number;
  readonly rounds: number;
  /** Base64, all of these. */
  readonly salt: string;
  readonly saltSeparator: string;
  readonly signerKey: string;
  readonly hash: string;
}

const standard = (text: string) => Buffer.from(text, 'base64').toString('base64');

export const formatFirebaseHash = ({
  memoryCost,
  rounds,
  salt,
  saltSeparator,
  signerKey,
  hash,
}: FirebaseHash): string =>
  `$firebase-scrypt$ln=${memoryCost},r=${rounds}$${[salt, saltSeparator, signerKey, hash].map(standard).join('$')}`;

/** https://firebaseopensource.com/projects/firebase/scrypt/: the derived key encrypts the signer key (AES-256-CTR). */
export function firebaseScryptVerifier(stored: string): Verifier | undefined {
  const [, ln, r, salt = '', separator = '', signerKey = '', hash = ''] = FIREBASE.exec(stored) ?? [];
  const options = optionsFor(Number(ln), Number(r), 1);
  const [key, digest] = [fromBase64(signerKey), fromBase64(hash)];
  if (!options || !isDigest(digest, key.length) || !isDigest(digest)) return undefined;
  return async (password) => {
    const derived = await derive(password, Buffer.concat([fromBase64(salt), fromBase64(separator)]), 32, options);
    const cipher = createCipheriv('aes-256-ctr', derived, Buffer.alloc(16));
    return constantTimeEqual(Buffer.concat([cipher.update(key), cipher.final()]), digest);
  };
}
