import { verify } from '@node-rs/argon2';
import type { Verifier } from './verifier.js';

/** The PHC form (RFC 9106), as Keycloak's and Supabase's are or become. */
const FORMAT = /^\$argon2id?\$v=(?:16|19)\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/;

/** KiB, and KiB times passes: what one guess may take of memory and of a core. */
const MAX_MEMORY = 2 ** 18;
const MAX_WORK = 2 ** 20;
const MAX_LANES = 16;
/** KiB of each lane (RFC 9106 section 3.1). With less, there is no such hash, and no password fits. */
const MIN_LANE_MEMORY = 8;

export function argon2Verifier(stored: string): Verifier | undefined {
  const [, memory = NaN, passes = NaN, lanes = NaN] = (FORMAT.exec(stored) ?? []).map(Number);
  const isBounded = memory <= MAX_MEMORY && memory * passes <= MAX_WORK && lanes <= MAX_LANES;
  const isPossible = memory >= MIN_LANE_MEMORY * lanes && passes >= 1 && lanes >= 1;
  if (!isBounded || !isPossible) return undefined;
  // What looks like a hash and is none fits no password.
  return (password) => verify(stored, password).catch(() => false);
}

/** The parts of a hash as Keycloak has them: numbers in words, salt and digest in base64. */
interface Argon2Parts {
  /** `id` or `i`. */
  readonly type: string;
  readonly version: string;
  /** KiB. */
  readonly memory: string;
  readonly passes: number;
  readonly lanes: string;
  readonly salt: string;
  readonly digest: string;
}

export function formatArgon2({ type, version, memory, passes, lanes, salt, digest }: Argon2Parts): string {
  const number = version === '1.0' ? 16 : 19;
  const [bareSalt, bareDigest] = [salt, digest].map((text) => text.replace(/=+$/, ''));
  return `$argon2${type}$v=${number}$m=${memory},t=${passes},p=${lanes}$${bareSalt}$${bareDigest}`;
}
