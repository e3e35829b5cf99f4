import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';

const schema = defineEntity({
  name: 'HeldAddress',
  tableName: 'held_addresses',
  indexes: [{ name: 'held_addresses_until', properties: ['until'] }],
  properties: {
    /** HMAC-SHA-256 of the address, base64url: of a deleted account nothing else may remain. */
    digest: p.string().length(43).primary(),
    until: moment(),
    /** The account that may have it all the same. Null: none. */
    userId: p.uuid().nullable(),
  },
});

/** An address that nobody can sign up with for a while, although no account has it. */
export class HeldAddress extends schema.class {}

schema.setClass(HeldAddress);
