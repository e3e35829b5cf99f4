import { GraphQLSchemaHost } from '@nestjs/graphql';
import { type GraphQLObjectType, isNonNullType, isObjectType } from 'graphql';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, signUp, signUpWithRoles, type TestUser, withAccounts } from '../support/accounts.js';
import { FORK_FIELDS, ForkModule } from '../support/fork.module.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { ACCESS_MATRIX, type AccessRow, type Caller, NOT_ABOUT_ACCESS } from './access-matrix.js';

let server: TestServer;
const callers = {} as Record<Caller, TestUser | undefined>;

beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule] });
  const em = server.em();
  em.create(Role, { name: 'reader', permissions: ['users:read'], createdAt: new Date() });
  await em.flush();
  callers.user = await signUp(server);
  callers.reader = await signUpWithRoles(server, 'reader');
  callers.admin = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** The coordinates of all fields that take a decision, from the schema that is served. Those of the fork are its own. */
function guardedFields(): string[] {
  const { schema } = server.app.get(GraphQLSchemaHost);
  return objectTypes(schema.getTypeMap()).flatMap((type) =>
    Object.values(type.getFields())
      .filter(({ astNode }) => ROOTS.has(type.name) || astNode?.directives?.some(({ name }) => name.value === 'auth'))
      .filter(({ name }) => !(ROOTS.has(type.name) && FORK_FIELDS.includes(name)))
      .map(({ name }) => `${type.name}.${name}`),
  );
}

function objectTypes(types: Record<string, unknown>): GraphQLObjectType[] {
  return Object.values(types).filter(
    (type) => isObjectType(type) && !type.name.startsWith('__'),
  ) as GraphQLObjectType[];
}

/** The matrix speaks of access alone: what a granted call makes of its input counts as data. */
function outcomeOf(answer: GraphQLAnswer): string {
  const refusal = refusalOf(answer);
  return refusal === undefined || NOT_ABOUT_ACCESS.includes(refusal) ? 'data' : refusal;
}

async function logInAgain(): Promise<void> {
  for (const caller of ['user', 'reader', 'admin'] as const) {
    callers[caller] = await logIn(server, callers[caller]?.email ?? '');
  }
}

/** Some rows end the session that asks. */
async function freshTokenOf(caller: Caller): Promise<string | undefined> {
  const user = callers[caller];
  return user && (await logIn(server, user.email)).accessToken;
}

/** What stands there, or null when something on the way is null. */
function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | null)?.[key] ?? null, data);
}

const ask = (row: AccessRow, token: string | undefined) => server.call(row.document, {}, { token });

describe('the access matrix', () => {
  it('has a row for every root field and every restricted field, and no other', () => {
    expect(guardedFields().sort()).toEqual(Object.keys(ACCESS_MATRIX).sort());
  });

  describe.each(Object.entries(ACCESS_MATRIX))('%s', (_, row) => {
    it.each(Object.entries(row.expected) as [Caller, string][])('answers %s with %s', async (caller, expected) => {
      const answer = await ask(row, await freshTokenOf(caller));
      expect(outcomeOf(answer)).toBe(expected);
      if (expected !== 'FORBIDDEN') return;
      // A refusal nulls that field, with an error at its path.
      expect(answer.status).toBe(200);
      expect(answer.errors[0]?.path).toEqual(row.path);
      expect(valueAt(answer.data, row.path)).toBeNull();
    });
  });
});

describe('a token that is not good', () => {
  const needsCaller = ([, { expected }]: [string, AccessRow]) => expected.anonymous !== 'data';
  const guarded = Object.entries(ACCESS_MATRIX).filter(needsCaller);
  const open = Object.entries(ACCESS_MATRIX).filter((row) => !needsCaller(row));

  const adminToken = async (end: (user: TestUser) => Promise<unknown>) => {
    const user = await signUpWithRoles(server, 'admin');
    await end(user);
    return user.accessToken;
  };

  /** Each makes the token of an administrator, who could use every field but for what happened since. */
  const BAD_TOKENS: [state: string, refusal: string, make: () => Promise<string>][] = [
    ['garbage', 'TOKEN_INVALID', () => Promise.resolve('garbage')],
    [
      'of a session that logged out',
      'TOKEN_REVOKED',
      () => adminToken(({ accessToken: token }) => server.call('mutation { logout }', {}, { token })),
    ],
    [
      'from before a change of roles',
      'TOKEN_STALE',
      () => adminToken(({ email }) => withAccounts(server, (accounts) => accounts.setRoles(email, ['user']))),
    ],
    [
      'of a disabled account',
      'TOKEN_REVOKED',
      () => adminToken(({ email }) => withAccounts(server, (accounts) => accounts.disable(email, null))),
    ],
    ['of a deleted user', 'TOKEN_REVOKED', () => adminToken(({ id }) => server.em().nativeDelete(User, { id }))],
    [
      'expired',
      'TOKEN_EXPIRED',
      async () => {
        const lifetime = server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS;
        server.clock.advance(-lifetime);
        const token = await adminToken(() => Promise.resolve());
        server.clock.advance(lifetime);
        return token;
      },
    ],
  ];

  /** @see nestjs/nest#4428: no cell of this table is an internal error. */
  it.each(BAD_TOKENS)('%s: %s on every guarded field, of the fork too', async (_, reason, make) => {
    const token = await make();
    for (const [field, row] of guarded) {
      expect({ field, outcome: outcomeOf(await ask(row, token)) }).toEqual({
        field,
        outcome: `UNAUTHENTICATED/${reason}`,
      });
    }
    const report = await server.call('{ adminReport }', {}, { token });
    expect(refusalOf(report)).toBe(`UNAUTHENTICATED/${reason}`);
  });

  /** @see nestjs/graphql#48: optional credentials need one answer, the same for all. */
  it.each(BAD_TOKENS)('%s: public fields answer as without one (never %s)', async (_, reason, make) => {
    const token = await make();
    for (const [field, row] of open) {
      const asGuest = await ask(row, undefined);
      const answer = await ask(row, token);
      expect({ field, refusal: refusalOf(answer) }).toEqual({ field, refusal: refusalOf(asGuest) });
      expect(answer.text).not.toContain(`"${reason}"`);
    }
  });

  /** @see nestjs/graphql#48 */
  it('says what is missing and what to do, and nothing of the machinery', async () => {
    const answer = await server.call('{ me { id } }');
    expect(answer).toMatchObject({ status: 200, data: null });
    expect(answer.errors).toEqual([
      {
        message: 'Sign in: this field needs an access token.',
        path: ['me'],
        locations: [{ line: 1, column: 3 }],
        extensions: {
          code: 'UNAUTHENTICATED',
          reason: 'TOKEN_MISSING',
          action: 'LOGIN',
          requestId: answer.headers.get('x-request-id'),
        },
      },
    ]);
  });

  /** @see apollographql/apollo-server#2275 */
  it('does not spoil public fields of the same document', async () => {
    const options = { token: 'garbage' };
    expect((await server.call('{ __typename serverInfo { signupEnabled } }', {}, options)).data).toEqual({
      __typename: 'Query',
      serverInfo: { signupEnabled: true },
    });
    expect((await server.call('{ __schema { queryType { name } } }', {}, options)).errors).toEqual([]);
  });
});

describe('a restricted field', () => {
  // The matrix has ended the sessions of the callers.
  beforeAll(logInAgain);

  /** @see nestjs/graphql#295 @see maticzav/graphql-shield#97 */
  it('is refused by alias, by fragment, through a list and with @include, and spares its siblings', async () => {
    const { user, reader } = callers;
    const document = `
      query ($yes: Boolean = true) {
        me { id email seen: lastLoginAt ...Hidden }
        publicDirectory { id disabledReason @include(if: $yes) }
      }
      fragment Hidden on User { ... on User { disabledAt } }`;
    const refused = await server.call<{ me: object; publicDirectory: object[] }>(
      document,
      {},
      { token: user?.accessToken },
    );
    expect(refused.data?.me).toEqual({ id: user?.id, email: user?.email, seen: null, disabledAt: null });
    expect(refused.errors.every(({ extensions }) => extensions.code === 'FORBIDDEN')).toBe(true);
    const paths = refused.errors.map(({ path }) => path?.join('.'));
    const rows = (refused.data?.publicDirectory ?? []).map(
      (_, index) => `publicDirectory.${String(index)}.disabledReason`,
    );
    expect(paths.sort()).toEqual(['me.disabledAt', 'me.seen', ...rows].sort());
    expect((await server.call(document, {}, { token: reader?.accessToken })).errors).toEqual([]);
  });

  it.each(Object.entries(ACCESS_MATRIX).filter(([field]) => field.startsWith('User.')))(
    '%s asks for itself below a public list',
    async (_, { document, path }) => {
      const [, field = ''] = path.map(String);
      const answer = await server.call<{ publicDirectory: Record<string, unknown>[] }>(
        document.replace('me', 'publicDirectory'),
      );
      const users = answer.data?.publicDirectory ?? [];
      expect(users.length).toBeGreaterThanOrEqual(3);
      expect(users).toEqual(users.map(() => ({ [field]: null })));
      expect(answer.errors.map((error) => [error.path, error.extensions.reason])).toEqual(
        users.map((_user, index) => [['publicDirectory', index, field], 'TOKEN_MISSING']),
      );
    },
  );

  it('permissions are of oneself, or of anybody with users:read', async () => {
    const query = '{ publicDirectory { id permissions } }';
    const seenBy = async (caller: TestUser | undefined) => {
      const { data } = await server.call<{ publicDirectory: { id: string; permissions: string[] | null }[] }>(
        query,
        {},
        { token: caller?.accessToken },
      );
      return new Map(data?.publicDirectory.map(({ id, permissions }) => [id, permissions]));
    };
    const byUser = await seenBy(callers.user);
    expect(byUser.get(callers.user?.id ?? '')).toEqual([]);
    expect(byUser.get(callers.reader?.id ?? '')).toBeNull();
    const byReader = await seenBy(callers.reader);
    expect(byReader.get(callers.user?.id ?? '')).toEqual([]);
    expect(byReader.get(callers.admin?.id ?? '')).toContain('keys:rotate');
  });

  it('is nullable, so that a refusal spares its object', () => {
    const { schema } = server.app.get(GraphQLSchemaHost);
    const nonNull = objectTypes(schema.getTypeMap())
      .filter(({ name }) => !ROOTS.has(name))
      .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, field })))
      .filter(({ field }) => field.astNode?.directives?.some(({ name }) => name.value === 'auth'))
      .filter(({ field }) => isNonNullType(field.type));
    expect(nonNull).toEqual([]);
  });
});
