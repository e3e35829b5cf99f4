import * as z from 'zod';
import { badInput } from '../../common/bad-input.js';
import { formatFirebaseHash } from '../../passwords/schemes/scrypt.js';
import type { UserFormat } from './format.js';
import { readJsonUsers } from './json-users.js';

/** Of a project, as its console shows them under Authentication, Users, "Password hash parameters". */
const hashParameters = z.object({
  algorithm: z.literal('SCRYPT'),
  base64_signer_key: z.base64(),
  base64_salt_separator: z.base64(),
  rounds: z.coerce.number().int(),
  mem_cost: z.coerce.number().int(),
});

type HashParameters = z.output<typeof hashParameters>;

/**
 * Firebase: what `firebase auth:export users.json` writes (https://firebase.google.com/docs/cli/auth).
 *
 * @param parametersText the text of the console, lines of `name: value,` within `hash_config { … }`
 * @throws AppError `BAD_USER_INPUT` for parameters that are none
 */
export function firebaseFormat(parametersText: string): UserFormat {
  const { data } = hashParameters.safeParse(parse(parametersText));
  if (!data)
    throw badInput('hashConfig', 'must be what the Firebase console shows: hash_config { algorithm: SCRYPT, … }');
  return (file) => readJsonUsers(file, (user) => fieldsOf(user, data));
}

const parse = (text: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(text.matchAll(/(\w+):\s*"?([\w+/=-]+)/g), ([, name = '', value = '']) => [name, value]),
  );

function fieldsOf(user: Record<string, unknown>, parameters: HashParameters): Record<string, unknown> {
  const { passwordHash: hash, salt } = user;
  return {
    email: user['email'],
    passwordHash: typeof hash === 'string' && typeof salt === 'string' ? hashOf({ hash, salt }, parameters) : hash,
    name: user['displayName'],
    emailVerified: user['emailVerified'],
    createdAt: user['createdAt'],
    externalId: user['localId'],
    disabled: user['disabled'],
  };
}

const hashOf = (user: { hash: string; salt: string }, parameters: HashParameters): string =>
  formatFirebaseHash({
    ...user,
    memoryCost: parameters.mem_cost,
    rounds: parameters.rounds,
    saltSeparator: parameters.base64_salt_separator,
    signerKey: parameters.base64_signer_key,
  });
