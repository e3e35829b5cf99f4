import { createPrivateKey, type KeyObject } from 'node:crypto';
import { unwrap, wrap } from '../common/wrapping.js';

const PURPOSE = 'latchkey/signing-key';

/** Wraps a private key (PKCS #8) for the database. */
export function wrapPrivateKey(key: KeyObject, kid: string, secret: string): string {
  return wrap(key.export({ format: 'der', type: 'pkcs8' }), { purpose: PURPOSE, name: kid }, secret);
}

/** The private key, or undefined when `secret` is not the one that wrapped it or the row was altered. */
export function unwrapPrivateKey(wrapped: string, kid: string, secret: string): KeyObject | undefined {
  const key = unwrap(wrapped, { purpose: PURPOSE, name: kid }, secret);
  return key && createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}
