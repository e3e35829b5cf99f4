import type { Readable } from 'node:stream';
import * as z from 'zod';
import { formatArgon2 } from '../../passwords/schemes/argon2.js';
import { formatPbkdf2 } from '../../passwords/schemes/pbkdf2.js';
import type { Entry } from './format.js';
import { readJsonUsers } from './json-users.js';

/**
 * Keycloak: what `kc.sh export` writes of a realm with its users, in the same file or in files of their own
 * (https://www.keycloak.org/server/importExport).
 */
export const readKeycloak = (file: Readable): AsyncIterable<Entry> => readJsonUsers(file, fieldsOf);

function fieldsOf(user: Record<string, unknown>): Record<string, unknown> {
  return {
    email: user['email'],
    passwordHash: hashOf(user['credentials']),
    name: [user['firstName'], user['lastName']].filter((part) => typeof part === 'string').join(' '),
    emailVerified: user['emailVerified'],
    createdAt: user['createdTimestamp'],
    externalId: user['id'],
    disabled: user['enabled'] === false,
  };
}

/** A text with JSON in it. */
const packed = <T extends z.ZodType>(schema: T) => z.string().transform(parse).pipe(schema);

const parameter = z.tuple([z.string()]).transform(([value]) => value);

const password = z.object({
  type: z.literal('password'),
  secretData: packed(z.object({ value: z.base64(), salt: z.base64() })),
  credentialData: packed(
    z.discriminatedUnion('algorithm', [
      z.object({
        algorithm: z.enum(['pbkdf2', 'pbkdf2-sha256', 'pbkdf2-sha512']),
        hashIterations: z.number().int(),
      }),
      z.object({
        algorithm: z.literal('argon2'),
        hashIterations: z.number().int(),
        additionalParameters: z.object({
          type: parameter,
          version: parameter,
          memory: parameter,
          parallelism: parameter,
        }),
      }),
    ]),
  ),
});

type Password = z.output<typeof password>;

/** Undefined without a password; an empty text, which is no hash, for one that can not be read. */
function hashOf(credentials: unknown): string | undefined {
  const { data } = z.array(z.looseObject({ type: z.string() })).safeParse(credentials ?? []);
  if (!data) return '';
  const credential = data.find(({ type }) => type === 'password');
  if (!credential) return undefined;
  const parsed = password.safeParse(credential);
  return parsed.data ? formatted(parsed.data) : '';
}

function formatted({ secretData: { value, salt }, credentialData }: Password): string {
  const { hashIterations: iterations } = credentialData;
  if (credentialData.algorithm === 'argon2') {
    const { type, version, memory, parallelism } = credentialData.additionalParameters;
    return formatArgon2({ type, version, memory, passes: iterations, lanes: parallelism, salt, digest: value });
  }
  const hash = { pbkdf2: 'sha1', 'pbkdf2-sha256': 'sha256', 'pbkdf2-sha512': 'sha512' }[credentialData.algorithm];
  return formatPbkdf2(hash, iterations, salt, value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
