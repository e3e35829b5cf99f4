import * as z from 'zod';

const SEGMENT = /^[A-Za-z0-9_-]+$/;

/** RFC 9068 section 2.1. No other kind of token of ours or of anybody's carries this type. */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** RFC 7518 section 3.4. The library does not refuse a signature of another length, it fails on it. */
const ES256_SIGNATURE_BYTES = 64;

/** Everything else in a header (`jku`, `x5u`, `jwk`, `x5c`, ...) is dropped unread (RFC 8725 section 3.10). */
const headerSchema = z.object({
  alg: z.string(),
  kid: z.string(),
  typ: z.enum([ACCESS_TOKEN_TYPE, `application/${ACCESS_TOKEN_TYPE}`]),
  crit: z.undefined().optional(),
  b64: z.undefined().optional(),
});

export type TokenHeader = Pick<z.infer<typeof headerSchema>, 'alg' | 'kid'>;

/**
 * The header of a compact JWS that could be ours, or undefined. Stricter than the libraries on purpose: exactly three
 * segments, each in canonical base64url, because a lenient decoder accepts many spellings of one signature.
 */
export function parseTokenHeader(token: string): TokenHeader | undefined {
  const segments = token.split('.');
  if (segments.length !== 3 || !segments.every(isCanonical)) return undefined;
  const [header = '', , signature = ''] = segments;
  const parsed = headerSchema.safeParse(parseJson(header)).data;
  return parsed?.alg === 'ES256' && Buffer.byteLength(signature, 'base64url') !== ES256_SIGNATURE_BYTES
    ? undefined
    : parsed;
}

function parseJson(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function isCanonical(segment: string): boolean {
  return SEGMENT.test(segment) && Buffer.from(segment, 'base64url').toString('base64url') === segment;
}
