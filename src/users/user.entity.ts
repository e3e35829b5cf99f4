import { defineEntity, p } from '@mikro-orm/core';
import { idProperty, moment } from '../database/base.properties.js';
import { Role } from '../roles/role.entity.js';

const schema = defineEntity({
  name: 'User',
  tableName: 'users',
  // The database refuses what `normalizeEmail` would not have written, whoever writes it.
  indexes: [
    { name: 'users_created_at', properties: ['createdAt', 'id'] },
    { name: 'users_last_login_at', properties: ['lastLoginAt', 'id'] },
    { name: 'users_disabled', properties: ['createdAt', 'id'], where: 'disabled_at is not null' },
    { name: 'users_unverified', properties: ['createdAt', 'id'], where: 'not email_verified' },
  ],
  checks: [{ name: 'users_email_normalized', expression: 'email = lower(email)' }],
  properties: {
    id: idProperty(),
    email: p.string().length(254).unique('users_email_unique'),
    emailVerified: p.boolean().default(false),
    name: p.string().length(200).nullable(),
    /** Null for a user without a password. Loaded only where a password is verified. */
    passwordHash: p.string().length(512).nullable().lazy().hidden(),
    /** When the user last chose a password, and its name: see `password-choice.ts`. Null: the first one still holds. */
    passwordChangedAt: moment().nullable(),
    /** The language that mails are written in, if it exists (BCP 47). */
    locale: p.string().length(35).nullable(),
    /** Grows with every change of roles; a token that carries an older one is stale. */
    version: p.integer().default(1),
    roles: p.manyToMany(Role).owner().pivotTable('user_roles'),
    /** What the account is called where it was imported from. A second import finds it by this. */
    externalId: p.string().length(255).nullable().unique('users_external_id_unique'),
    createdAt: moment(),
    lastLoginAt: moment().nullable(),
    disabledAt: moment().nullable(),
    disabledReason: p.string().length(500).nullable(),
  },
});

/** An account. Its id is the `sub` of every token. */
export class User extends schema.class {}

schema.setClass(User);

/** An account as it is read where no entity is needed: what its row holds, without the password hash. */
export type UserRecord = Readonly<
  Pick<
    User,
    | 'id'
    | 'email'
    | 'emailVerified'
    | 'name'
    | 'passwordChangedAt'
    | 'locale'
    | 'version'
    | 'externalId'
    | 'createdAt'
    | 'lastLoginAt'
    | 'disabledAt'
    | 'disabledReason'
  >
>;
