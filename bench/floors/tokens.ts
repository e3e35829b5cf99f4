import { createHmac, generateKeyPairSync, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { parse as parseUuid, stringify as formatUuid, v4 } from 'uuid';

const ISSUER = 'http://localhost:4000';
const AUDIENCE = 'latchkey';
const TTL_SECONDS = 900;

/** As Latchkey's: other services verify them with a public key (RFC 9068). */
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SECRET = randomBytes(32);

export interface Claims {
  readonly sub: string;
  readonly sid: string;
  readonly roles: readonly string[];
}

export function signAccessToken({ userId, sessionId, roles, version, authTime }: Subject): string {
  const claims = { sid: sessionId, auth_time: authTime, amr: ['pwd'], client_id: 'first-party', roles, ver: version };
  return jsonwebtoken.sign(claims, privateKey, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'at+jwt', kid: 'floor' },
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: userId,
    jwtid: v4(),
    expiresIn: TTL_SECONDS,
  });
}

interface Subject {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly version: number;
  /** Epoch seconds. */
  readonly authTime: number;
}

/** Throws for a token that is not ours or has expired. */
export function verifyAccessToken(token: string): Claims {
  return jsonwebtoken.verify(token, publicKey, {
    algorithms: ['ES256'],
    issuer: ISSUER,
    audience: AUDIENCE,
  }) as unknown as Claims;
}

export const expiresIn = TTL_SECONDS;

/** `lkr_` and version, session, counter, HMAC. */
export function formatRefreshToken(sessionId: string, counter: number, salt: string): string {
  const body = Buffer.alloc(21);
  body.writeUInt8(1, 0);
  body.set(parseUuid(sessionId), 1);
  body.writeUInt32BE(counter, 17);
  return `lkr_${Buffer.concat([body, mac(salt, body)]).toString('base64url')}`;
}

export function parseRefreshToken(token: string) {
  const bytes = Buffer.from(token.slice(4), 'base64url');
  if (bytes.length !== 53) throw new Error('malformed');
  const body = bytes.subarray(0, 21);
  return { sessionId: formatUuid(bytes, 1), counter: bytes.readUInt32BE(17), body, mac: bytes.subarray(21) };
}

export function isGenuine(token: ReturnType<typeof parseRefreshToken>, salt: string): boolean {
  return timingSafeEqual(mac(salt, token.body), token.mac);
}

function mac(salt: string, body: Uint8Array): Buffer {
  const key = hkdfSync('sha256', SECRET, Buffer.from(salt, 'base64url'), 'refresh-token', 32);
  return createHmac('sha256', new Uint8Array(key)).update(body).digest();
}
