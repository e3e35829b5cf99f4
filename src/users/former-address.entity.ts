import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';
import { User } from './user.entity.js';

const schema = defineEntity({
  name: 'FormerAddress',
  tableName: 'former_addresses',
  indexes: [
    { name: 'former_addresses_email', properties: ['email'] },
    { name: 'former_addresses_until', properties: ['until'] },
  ],
  properties: {
    user: p.manyToOne(User).deleteRule('cascade').ref().primary(),
    email: p.string().length(254).primary(),
    /** The order in which the account left its addresses, from 1. No clock says that: those of two instances differ. */
    rank: p.integer(),
    /** Whether its owner had confirmed it. Another one may be a stranger's: it is neither written to nor held. */
    isConfirmed: p.boolean(),
    /** So long the account can go back. */
    until: moment(),
  },
});

/** An address that an account was moved away from. */
export class FormerAddress extends schema.class {}

schema.setClass(FormerAddress);
