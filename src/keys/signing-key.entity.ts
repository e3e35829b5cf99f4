import { defineEntity, p } from '@mikro-orm/core';
import type { JsonWebKey } from 'node:crypto';
import { moment } from '../database/base.properties.js';

const schema = defineEntity({
  name: 'SigningKey',
  tableName: 'signing_keys',
  // Two instances that make the next key at once: one insert wins, the other reads the winner's.
  uniques: [{ name: 'signing_keys_generation_unique', properties: ['algorithm', 'generation'] }],
  properties: {
    /** RFC 7638 thumbprint of the public key. */
    kid: p.string().length(43).primary(),
    algorithm: p.string().length(16),
    generation: p.integer(),
    publicJwk: p.json<JsonWebKey>(),
    /** The private key under AES-256-GCM (see `key-wrapping.ts`). */
    wrappedPrivateKey: p.text().hidden(),
    createdAt: moment(),
    /** From when it signs. Before that it is published only, so that verifiers know it in time. */
    activeFrom: moment(),
    /** From when its tokens are refused and it leaves the JWKS. */
    retiredAt: moment().nullable(),
    /** How many tokens of it all instances have verified, and when the last one. Written now and then. */
    verifications: p.bigint('number').defaultRaw('0'),
    lastSeenAt: moment().nullable(),
  },
});

/** A key pair that signs access tokens. */
export class SigningKey extends schema.class {}

schema.setClass(SigningKey);
