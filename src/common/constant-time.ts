import { timingSafeEqual } from 'node:crypto';

/** Compares two secrets in time that depends on their length alone (ASVS 11.2.4). */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
