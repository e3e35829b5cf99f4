import { constants, createHmac, type KeyObject, sign } from 'node:crypto';
import { KeysService } from '../../src/keys/keys.service.js';
import type { TestServer } from '../support/test-server.js';

/** An object, or JSON as it is to stand in the token: for what no object can say, such as `1e400` or a name twice. */
type Json = object | string;

const segment = (json: Json): string =>
  Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url');

/** A compact JWS over anything at all. `algorithm` makes the signature, whatever the header says. */
export function signJws(header: Json, payload: Json, key: KeyObject | Buffer, algorithm: string): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signatureOf(Buffer.from(input), key, algorithm).toString('base64url')}`;
}

function signatureOf(input: Buffer, key: KeyObject | Buffer, algorithm: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(input).digest();
  if (Buffer.isBuffer(key)) throw new Error(`${algorithm} signs with a key pair`);
  if (algorithm.startsWith('ES')) return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('PS')) return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING });
  return sign(hash, input, key);
}

/** A signer with the server's own key: what it refuses is refused for what the token says, not for who signed it. */
export function forgerOf(server: TestServer): (payload: Json, header?: object) => string {
  const { kid, algorithm, privateKey } = server.app.get(KeysService).signing();
  return (payload, header = {}) =>
    signJws({ alg: algorithm, typ: 'at+jwt', kid, ...header }, payload, privateKey, algorithm);
}

/** The token with one of its three segments replaced. */
export function withSegment(token: string, index: 0 | 1 | 2, replace: (segment: string) => string): string {
  return token
    .split('.')
    .map((part, at) => (at === index ? replace(part) : part))
    .join('.');
}
