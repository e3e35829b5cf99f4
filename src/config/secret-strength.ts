/** What a secret has to have at least: bytes, and bits by the variety of its characters. */
interface Strength {
  readonly bytes: number;
  readonly bits: number;
}

/**
 * RFC 8725 section 3.5 and ASVS 11.2.3: an HMAC key is at least as long as its hash. The bits are what 32 random hexadecimal
 * digits have, with room for bad luck: they reach 117 on average. A pattern has less.
 */
export const SIGNING_SECRET: Strength = { bytes: 32, bits: 90 };

/** Of what is sent and compared, and nobody can guess at offline. The bits as above, of 16 digits. */
export const BEARER_TOKEN: Strength = { bytes: 16, bits: 32 };

const PLACEHOLDER = /change.?me|example|placeholder|replace|secret|password|latchkey/i;

/** Why this text can not be such a secret, or undefined. An estimate: it catches mistakes, not malice. */
export function secretProblem(secret: string, { bytes, bits }: Strength): string | undefined {
  if (Buffer.byteLength(secret) < bytes) return `must be at least ${bytes} bytes long`;
  if (PLACEHOLDER.test(secret)) return 'looks like a placeholder; use random characters';
  if (isRepetition(secret) || estimateBits(secret) < bits) return 'is too predictable; use random characters';
  return undefined;
}

/** The lesser of what the characters tell and what the steps between them tell: `abcdef…` is all different, in one step. */
function estimateBits(text: string): number {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return Math.min(entropyBits(codes), entropyBits(steps));
}

/** Shannon's entropy of the values, times their number. */
function entropyBits(values: readonly number[]): number {
  const counts = Map.groupBy(values, (value) => value).values();
  return [...counts].reduce((bits, { length }) => bits + length * Math.log2(values.length / length), 0);
}

/** True for `abcabcab`: what follows a first part of at most half the text is the text again. */
function isRepetition(text: string): boolean {
  const periods = Array.from({ length: Math.floor(text.length / 2) }, (_, index) => index + 1);
  return periods.some((period) => text.startsWith(text.slice(period)));
}
