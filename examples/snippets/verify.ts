import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const issuer = process.env['LATCHKEY_ISSUER'] ?? 'http://localhost:4000'; // JWT_ISSUER, by default PUBLIC_URL
const audience = process.env['LATCHKEY_AUDIENCE'] ?? 'latchkey'; // JWT_AUDIENCE
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
const checks = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] };

export interface Caller {
  userId: string;
  roles: string[];
}

/** Who sent this Authorization header. Null: nobody that Latchkey knows. Throws when its keys can not be had. */
export async function callerOf(authorization: string | null | undefined): Promise<Caller | null> {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (!token) return null;
  try {
    const { payload } = await jwtVerify<{ sub: string; roles: string[] }>(token, keys, checks);
    return { userId: payload.sub, roles: payload.roles };
  } catch (error) {
    if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
    return null;
  }
}
