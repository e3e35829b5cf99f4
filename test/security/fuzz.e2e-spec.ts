import { GraphQLSchemaHost } from '@nestjs/graphql';
import fc from 'fast-check';
import { ErrorCode } from '../../src/common/error-codes.js';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { ACCESS_MATRIX, type Caller } from '../access/access-matrix.js';
import { logIn, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { ForkModule } from '../support/fork.module.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { type Operation, operationsOf } from './support/schema-fuzzer.js';

/** `FUZZ_OPERATIONS=1000000 FUZZ_SEED=7 npm test -- test/security/fuzz` looks further. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_125);
const OPERATIONS = Number(process.env['FUZZ_OPERATIONS'] ?? (testEngine === 'sqlite' ? 2_000 : 1_000));
const CHUNK = 1000;
const PARALLEL = 16;

/** Two of the fork fail on purpose; a thousand new signing keys show nothing more than one. */
const LEFT_OUT = ['fails', 'breaksConstraint', 'rotateSigningKey'];

let server: TestServer;
const SIGNED_IN = ['user', 'reader', 'admin'] as const satisfies Caller[];
const users = {} as Record<(typeof SIGNED_IN)[number], TestUser>;
const newUser = (asker: (typeof SIGNED_IN)[number]) =>
  asker === 'user' ? signUp(server) : signUpWithRoles(server, asker);
let revoked: string;
beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule] });
  await server.em().insert(Role, { name: 'reader', permissions: ['users:read'], createdAt: new Date() });
  for (const asker of SIGNED_IN) users[asker] = await newUser(asker);
  revoked = (await signUpWithRoles(server, 'admin')).accessToken;
  await server.call('mutation { logout }', {}, { token: revoked });
});
afterAll(() => server.stop());

type Asker = Caller | 'revoked';
const ASKERS: Asker[] = ['anonymous', 'user', 'reader', 'admin', 'revoked'];

async function tokenOf(asker: Asker): Promise<string | undefined> {
  if (asker === 'anonymous') return undefined;
  if (asker === 'revoked') return revoked;
  return users[asker].accessToken;
}

interface Sent {
  asker: Asker;
  operation: Operation;
  status: number;
  text: string;
}

async function send(asker: Asker, operation: Operation): Promise<Sent> {
  const token = await tokenOf(asker);
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(operation) });
  return { asker, operation, status: response.status, text: await response.text() };
}

/**
 * A random `logout` ends the session of whoever sent it, a random `changePassword` or `deleteAccount` the account as we know
 * it, and each random sign-up makes the lists of users longer.
 */
async function tidy(): Promise<void> {
  for (const asker of SIGNED_IN) {
    const { id, accessToken, email } = users[asker];
    if ((await whoAmI(server, accessToken)) === id) continue;
    users[asker] = await logIn(server, email).catch(() => newUser(asker));
  }
  const own = Object.values(users).map(({ id }) => id);
  await server.em().nativeDelete(User, { id: { $nin: own } });
}

const CODES = new Set<string>(Object.values(ErrorCode));
const SECRETS = /passwordHash"|refreshSalt|\$2b\$|\$bcrypt|node_modules|select .* from|insert into/i;
const OWN_PAYLOADS = ['signup', 'login', 'refresh'];

/** Everything that is wrong with an answer. */
function problemsOf({ asker, status, text }: Sent): string[] {
  if (status >= 500) return [`status ${String(status)}`];
  const { data, errors = [] } = JSON.parse(text) as { data?: unknown; errors?: { extensions: { code: string } }[] };
  const codes = errors.map(({ extensions }) => extensions.code);
  return [
    ...codes.filter((code) => !CODES.has(code) || code === 'INTERNAL_SERVER_ERROR').map((code) => `code ${code}`),
    ...(SECRETS.test(text) ? ['a secret or something of the inside'] : []),
    ...escapesIn(data, asker === 'revoked' ? 'anonymous' : asker),
  ];
}

/** Values that the matrix does not grant. An alias ends in the name of its field. */
function escapesIn(value: unknown, caller: Caller, type = 'Query'): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => escapesIn(item, caller, type));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === null) return [];
    const field = key.split('_').at(-1) ?? key;
    // A payload belongs to whoever has just signed in, who is an ordinary user here.
    const isPayload = OWN_PAYLOADS.includes(field);
    return [
      ...escapeOf(field, inner, caller, type === 'Query'),
      ...escapesIn(inner, isPayload ? 'user' : caller, field),
    ];
  });
}

function escapeOf(field: string, value: unknown, caller: Caller, isRoot: boolean): string[] {
  const types = isRoot ? ['Query', 'Mutation'] : ['User', 'Session'];
  const row = types.map((type) => ACCESS_MATRIX[`${type}.${field}`]).find((it) => it !== undefined);
  if (row && row.expected[caller] !== 'data') return [`${caller} reads ${field}`];
  const id = caller === 'anonymous' ? undefined : users[caller].id;
  const me = field === 'me' ? (value as Record<string, unknown>)['id'] : undefined;
  return me !== undefined && me !== id ? ['me is somebody else'] : [];
}

it(`${String(OPERATIONS)} documents of every kind: no fault, no exit, nothing that the matrix does not grant`, async () => {
  const { schema } = server.app.get(GraphQLSchemaHost);
  const requests = fc.tuple(fc.constantFrom(...ASKERS), operationsOf(schema, LEFT_OUT));
  let executed = 0;
  for (let start = 0; start < OPERATIONS; start += CHUNK) {
    const chunk = fc.sample(requests, { seed: SEED + start, numRuns: Math.min(CHUNK, OPERATIONS - start) });
    const answers: Sent[] = [];
    const worker = async () => {
      for (let next = chunk.pop(); next; next = chunk.pop()) answers.push(await send(...next));
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    const wrong = answers
      .map((sent) => ({ problems: problemsOf(sent), ...sent }))
      .filter(({ problems }) => problems.length > 0);
    expect(wrong).toEqual([]);
    executed += answers.filter(({ status }) => status === 200).length;
    await tidy();
  }
  // A fuzzer that is refused at the door finds nothing behind it.
  expect(executed).toBeGreaterThan(OPERATIONS / 5);
  expect(await whoAmI(server, users.user.accessToken)).toBe(users.user.id);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}, 600_000);
