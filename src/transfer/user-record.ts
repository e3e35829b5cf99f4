import * as z from 'zod';
import { canonicalLocale } from '../common/locale.js';
import { isStorable } from '../common/storable.js';
import { isReadableHash } from '../passwords/readable-hash.js';
import { rolesFit, TOO_MANY_ROLES } from '../roles/role-names.js';
import { isDisplayName, NAME_MAX_LENGTH, NAME_NOT_VISIBLE, NAME_TOO_LONG } from '../users/display-name.js';
import { isEmailAddress, normalizeEmail } from '../users/email.js';

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** CSV has words only, and PostgreSQL writes `t` and `f`. */
const TRUE = ['true', 't', '1', 'yes'];
const FALSE = ['false', 'f', '0', 'no', ''];
const flag = z
  .union(
    [
      z.boolean(),
      z
        .string()
        .toLowerCase()
        .pipe(z.enum([...TRUE, ...FALSE])),
    ],
    'must be true or false',
  )
  .nullish()
  .transform((value) => value === true || (typeof value === 'string' && TRUE.includes(value)));

const EARLIEST = Date.UTC(1970, 0);
const LATEST = Date.UTC(2100, 0);

/** RFC 3339, what PostgreSQL writes, or milliseconds since 1970, also as a text. */
const moment = z
  .union([z.string(), z.number()], 'must be a moment')
  .transform((value) => new Date(/^\d{9,}$/.test(String(value)) ? Number(value) : value))
  .refine((date) => date.getTime() >= EARLIEST && date.getTime() < LATEST, 'must be a moment since 1970');

/** What is empty is no name. */
const displayName = z
  .string('must be a text')
  .trim()
  .max(NAME_MAX_LENGTH, NAME_TOO_LONG)
  .refine((name) => name === '' || isDisplayName(name), NAME_NOT_VISIBLE)
  .transform((name) => name || null);

const roleNames = z
  .union(
    [z.array(z.string()), z.string().transform((names) => names.split(/[\s,;|]+/).filter(Boolean))],
    'must be names',
  )
  .transform((names) => [...new Set(names)])
  .refine(rolesFit, TOO_MANY_ROLES);

const externalId = z
  .union([z.string(), z.number().transform(String)], 'must be a text')
  .refine((id) => id !== '' && id.length <= 255 && isStorable(id), 'must have 1 to 255 characters and no NUL');

/**
 * A user of another server, or of a file that this one wrote. What is wrong is said by field and never by value: a hash is a
 * secret, and an address is not for every log.
 */
export const userRecord = z.object({
  email: z
    .string('must be an e-mail address')
    .transform(normalizeEmail)
    .refine(isEmailAddress, 'must be an e-mail address'),
  passwordHash: optional(
    z.string('must be a text').refine(isReadableHash, 'is of no known scheme, damaged, or too costly to check'),
  ),
  name: optional(displayName),
  /** Null: those of a sign-up. */
  roles: optional(roleNames),
  emailVerified: flag,
  locale: optional(z.string('must be a text')).transform(canonicalLocale),
  createdAt: optional(moment),
  /** What the user is called where they come from: a second import knows them by it. */
  externalId: optional(externalId),
  disabled: flag,
});

export type UserRecord = Readonly<z.output<typeof userRecord>>;

/** Why a record is refused. */
export const problemOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
