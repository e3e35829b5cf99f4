/** RFC 8725 section 3.5 and ASVS 11.2.3: an HMAC key is at least as long as its hash. */
export const MIN_SECRET_BYTES = 32;

/** What 32 random hexadecimal digits have, with room for bad luck. A sentence or a pattern has less. */
const MIN_ENTROPY_BITS = 100;

const PLACEHOLDER = /change.?me|example|placeholder|replace|secret|password|latchkey/i;

/** Why this text can not be a signing secret, or undefined. An estimate: it catches mistakes, not malice. */
export function secretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) return `must be at least ${MIN_SECRET_BYTES} bytes long`;
  if (PLACEHOLDER.test(secret)) return 'looks like a placeholder; use random characters';
  if (isRepetition(secret) || entropyBits(secret) < MIN_ENTROPY_BITS)
    return 'is too predictable; use random characters';
  return undefined;
}

/** Shannon's entropy of the characters, times their number. */
function entropyBits(text: string): number {
  const characters = [...text];
  const counts = Map.groupBy(characters, (character) => character).values();
  return [...counts].reduce((bits, { length }) => bits + length * Math.log2(characters.length / length), 0);
}

/** True for `abcabcabc…`. A text is its own rotation only when it repeats. */
function isRepetition(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}
