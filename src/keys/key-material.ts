import { createPublicKey, createSecretKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Env } from '../config/env.js';
import { thumbprint } from './thumbprint.js';

export type Algorithm = Env['JWT_ALGORITHM'];
export type AsymmetricAlgorithm = Exclude<Algorithm, 'HS256'>;

/** A key that checks signatures, and the only algorithm it may be used with (RFC 8725 section 3.1). */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** A key that signs. For HS256 it is the same secret that verifies. */
export interface SigningMaterial extends VerificationKey {
  readonly privateKey: KeyObject;
}

/** 3072 bits give RSA the 128-bit strength that P-256 has (ASVS 11.2.3). */
const RSA_MODULUS_BITS = 3072;

const generate = promisify(generateKeyPair);

export async function generateSigningMaterial(algorithm: AsymmetricAlgorithm): Promise<SigningMaterial> {
  const { publicKey, privateKey } =
    algorithm === 'ES256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: RSA_MODULUS_BITS });
  return { kid: thumbprint(publicKey), algorithm, key: publicKey, privateKey };
}

/** Undefined for a key that is not of this algorithm: what names it is not under the seal of the key. */
export function materialOfPrivateKey(
  algorithm: AsymmetricAlgorithm,
  privateKey: KeyObject,
): SigningMaterial | undefined {
  if (!isOfAlgorithm(algorithm, privateKey)) return undefined;
  const key = createPublicKey(privateKey);
  return { kid: thumbprint(key), algorithm, key, privateKey };
}

function isOfAlgorithm(
  algorithm: AsymmetricAlgorithm,
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
): boolean {
  if (algorithm !== 'ES256') return asymmetricKeyType === 'rsa';
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

export function materialOfSecret(secret: string): SigningMaterial {
  const key = createSecretKey(Buffer.from(secret, 'utf8'));
  return { kid: thumbprint(key), algorithm: 'HS256', key, privateKey: key };
}

/** The key as other services may see it (RFC 7517). */
export function publicJwk({ kid, algorithm, key }: VerificationKey): JsonWebKey {
  return { ...key.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
}
