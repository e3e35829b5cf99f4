import { createHash, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The members that make up each key type's thumbprint, in lexicographic order (RFC 7638 section 3.2). */
const REQUIRED_MEMBERS = { EC: ['crv', 'kty', 'x', 'y'], RSA: ['e', 'kty', 'n'], oct: ['k', 'kty'] } as const;

/** The `kid` of a key: the base64url SHA-256 of its required members (RFC 7638). */
export function thumbprint(key: KeyObject): string {
  const jwk: JsonWebKey = key.export({ format: 'jwk' });
  const members = REQUIRED_MEMBERS[jwk.kty as keyof typeof REQUIRED_MEMBERS];
  const canonical = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}
