import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import * as z from 'zod';

const claims = z.looseObject({ iat: z.number(), exp: z.number() });

/** A token, with how it was made: "with …", "without …". */
export type Forgery = readonly [what: string, token: string];

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string): Readonly<Record<string, unknown>> =>
  z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(part, 'base64url').toString()));

export const claimsOf = (token: string): z.output<typeof claims> => claims.parse(decode(token.split('.')[1] ?? ''));

/**
 * Tokens that say what a real one says and that its server has not signed (RFC 8725 sections 2.1 and 3.1).
 *
 * @param keys of the published set
 */
export function forgeries(token: string, keys: readonly JsonWebKey[]): Forgery[] {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const header = decode(head);
  const raised = encode({ ...decode(payload), roles: ['admin'] });
  return [
    ...['none', 'None', 'nOnE'].map((alg): Forgery => [
      `with the algorithm ${alg}`,
      `${encode({ ...header, alg })}.${payload}.`,
    ]),
    ['without its signature', `${head}.${payload}.`],
    ['with other claims under an old signature', `${head}.${raised}.${signature}`],
    ['with the key in its own header', signedByOwnKey(header, payload)],
    ...['', 'secret', 'changeme', 'your-256-bit-secret'].map((secret): Forgery => [
      'with a secret that everybody knows',
      signedBySecret(header, payload, secret),
    ]),
    ...keys
      .flatMap((key) => publicForms(key))
      .map((form): Forgery => ['with the public key as its secret', signedBySecret(header, payload, form)]),
  ];
}

/** An asymmetric key, in all the forms in which a library may have it at hand, as a secret of HMAC. */
function publicForms(key: JsonWebKey): (string | Buffer)[] {
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return [pem, pem.trimEnd(), publicKey.export({ type: 'spki', format: 'der' }), JSON.stringify(key)];
}

function signedBySecret(header: object, payload: string, secret: string | Buffer): string {
  const message = `${encode({ ...header, alg: 'HS256' })}.${payload}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

function signedByOwnKey(header: object, payload: string): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = `${encode({ ...header, alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) })}.${payload}`;
  const signature = sign('sha256', Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${message}.${signature.toString('base64url')}`;
}
