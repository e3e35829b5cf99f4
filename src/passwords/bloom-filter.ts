import { hash } from 'node:crypto';

/** Probes per entry: the best number for one false positive in a thousand, log2(1000) rounded. */
const PROBES = 10;
/** n entries need n * ln(1000) / ln(2)^2 bits for that rate. */
const BITS_PER_ENTRY = 14.38;
/** Six bytes: the sums below stay exact integers in a double. */
const PROBE_BYTES = 6;

/**
 * A set of strings in few bits: `has` is always true for an entry, and true for about one in a thousand others.
 *
 * Our own few lines because the packages that do this bring a serialisation format, a dozen structures and their
 * dependencies, or have had no release for years. SHA-256 only spreads the bits here; nothing rests on it being secret.
 */
export class BloomFilter {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  static forEntries(count: number): BloomFilter {
    return new BloomFilter(new Uint8Array(Math.ceil((count * BITS_PER_ENTRY) / 8)));
  }

  add(entry: string): void {
    for (const bit of this.probes(entry)) {
      this.bytes[bit >> 3] = (this.bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  has(entry: string): boolean {
    return this.probes(entry).every((bit) => ((this.bytes[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
  }

  /** Double hashing (Kirsch and Mitzenmacher, 2006): two hashes stand in for all ten at the same error rate. */
  private probes(entry: string): number[] {
    const digest = hash('sha256', entry, 'buffer');
    const start = digest.readUIntBE(0, PROBE_BYTES);
    const step = digest.readUIntBE(PROBE_BYTES, PROBE_BYTES);
    return Array.from({ length: PROBES }, (_, index) => (start + index * step) % (this.bytes.length * 8));
  }
}
