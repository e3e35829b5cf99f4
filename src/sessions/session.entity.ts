import { defineEntity, p } from '@mikro-orm/core';
import { idProperty, moment } from '../database/base.properties.js';
import { User } from '../users/user.entity.js';

const schema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  indexes: [
    { name: 'sessions_user_active', properties: ['user', 'revokedAt', 'lastActiveAt'] },
    { name: 'sessions_impersonator', properties: ['impersonatorId'], where: 'impersonator_id is not null' },
    // For the purge.
    { name: 'sessions_revoked_at', properties: ['revokedAt'] },
    { name: 'sessions_expires_at', properties: ['expiresAt'] },
  ],
  properties: {
    id: idProperty(),
    user: p.manyToOne(User).deleteRule('cascade').ref(),
    /** 32 random bytes, base64url: half of the key that signs this session's refresh tokens. */
    refreshSalt: p.string().length(43).hidden(),
    /** The number of the refresh token that is current. Rotation adds one (see `refresh-token.ts`). */
    refreshCounter: p.integer().default(0),
    /** When the current refresh token replaced its predecessor: the start of the grace period. */
    rotatedAt: moment(),
    createdAt: moment(),
    /**
     * Of which password it is: the user's `passwordChangedAt` when it began. Null: of the first one, or begun by a version
     * that did not say so.
     */
    passwordChangedAt: moment().nullable(),
    lastActiveAt: moment(),
    /** The idle or the absolute end, whichever comes first. Moved by every rotation. */
    expiresAt: moment(),
    revokedAt: moment().nullable(),
    revokedReason: p.string().length(32).nullable(),
    ipAddress: p.string().length(45).nullable(),
    userAgent: p.string().length(500).nullable(),
    /** RFC 8176 values, in the order in which they were proved. */
    authMethods: p.json<string[]>(),
    /** Who acts as the user in here, and in which of their own sessions they opened it. Null: the user. */
    impersonatorId: p.uuid().nullable(),
    impersonatorSessionId: p.uuid().nullable(),
  },
});

/** One sign-in on one device: the family of all refresh tokens that descend from it (RFC 9700 section 4.14.2). */
export class Session extends schema.class {}

schema.setClass(Session);

/** A session as it is read where no entity is needed. */
export type SessionRecord = Readonly<
  Pick<
    Session,
    | 'id'
    | 'refreshSalt'
    | 'refreshCounter'
    | 'rotatedAt'
    | 'createdAt'
    | 'passwordChangedAt'
    | 'lastActiveAt'
    | 'expiresAt'
    | 'revokedAt'
    | 'revokedReason'
    | 'ipAddress'
    | 'userAgent'
    | 'authMethods'
    | 'impersonatorId'
    | 'impersonatorSessionId'
  >
>;
