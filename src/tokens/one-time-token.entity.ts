import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';
import { User } from '../users/user.entity.js';
import type { TokenPurpose } from './one-time-token.js';

const schema = defineEntity({
  name: 'OneTimeToken',
  tableName: 'one_time_tokens',
  indexes: [
    { name: 'one_time_tokens_user_purpose', properties: ['user', 'purpose'] },
    { name: 'one_time_tokens_expires_at', properties: ['expiresAt'] },
  ],
  properties: {
    /** SHA-256 of the token, base64url. The token itself is in a mail and nowhere else. */
    hash: p.string().length(43).primary(),
    purpose: p.string().length(24).$type<TokenPurpose>(),
    user: p.manyToOne(User).deleteRule('cascade').ref(),
    /** The address that it is about: the account's, the new one of a change, or the old one of a revert. */
    email: p.string().length(254),
    /** The session in which it was asked for: it ends with that. Null: nobody's. */
    sessionId: p.uuid().nullable(),
    /** When it was asked for. Of two rivals the younger counts. */
    createdAt: moment(),
    expiresAt: moment(),
    usedAt: moment().nullable(),
  },
});

/** The trace of a link that was sent. */
export class OneTimeToken extends schema.class {}

schema.setClass(OneTimeToken);
