import { request } from 'node:http';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { type GraphQLObjectType, isNonNullType, isObjectType } from 'graphql';
import { Role } from '../../src/roles/role.entity.js';
import { logIn, signUp, signUpWithRoles, type TestUser, withAccounts } from '../support/accounts.js';
import { ForkModule } from '../support/fork.module.js';
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
  const fork = ['adminReport', 'adminAction', 'everybody', 'publicDirectory', 'whoAmI', 'fails', 'breaksConstraint'];
  return objectTypes(schema.getTypeMap()).flatMap((type) =>
    Object.values(type.getFields())
      .filter(({ astNode }) => ROOTS.has(type.name) || astNode?.directives?.some(({ name }) => name.value === 'auth'))
      .filter(({ name }) => !(ROOTS.has(type.name) && fork.includes(name)))
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
      // A refusal nulls that field alone, with one error at its path.
      expect(answer.status).toBe(200);
      expect(answer.errors.map(({ path }) => path)).toEqual([row.path]);
      expect(answer.data).toEqual({ me: { [String(row.path[1])]: null } });
    });
  });
});

describe('a token that is not good', () => {
  const guarded = Object.entries(ACCESS_MATRIX).filter(([, { expected }]) => expected.anonymous !== 'data');

  async function refusesEverywhere(token: string, expected: string): Promise<void> {
    for (const [field, row] of guarded) {
      const answer = await ask(row, token);
      expect({ field, outcome: outcomeOf(answer) }).toEqual({ field, outcome: expected });
    }
  }

  /** @see nestjs/nest#4428 */
  it('is TOKEN_INVALID on every guarded field when it is garbage', () =>
    refusesEverywhere('garbage', 'UNAUTHENTICATED/TOKEN_INVALID'));

  it('is TOKEN_REVOKED on every guarded field after logging out', async () => {
    const { accessToken } = await signUpWithRoles(server, 'admin');
    await server.call('mutation { logout }', {}, { token: accessToken });
    await refusesEverywhere(accessToken, 'UNAUTHENTICATED/TOKEN_REVOKED');
  });

  it('is TOKEN_STALE on every guarded field after a change of roles', async () => {
    const { email, accessToken } = await signUpWithRoles(server, 'admin');
    await withAccounts(server, (accounts) => accounts.setRoles(email, ['user']));
    await refusesEverywhere(accessToken, 'UNAUTHENTICATED/TOKEN_STALE');
  });

  it('is refused on every guarded field once the account is disabled', async () => {
    const { email, accessToken } = await signUpWithRoles(server, 'admin');
    await withAccounts(server, (accounts) => accounts.disable(email, null));
    await refusesEverywhere(accessToken, 'UNAUTHENTICATED/TOKEN_REVOKED');
  });

  it('is TOKEN_EXPIRED on every guarded field after its lifetime', async () => {
    const { accessToken } = await signUp(server);
    server.clock.advance(server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS);
    await refusesEverywhere(accessToken, 'UNAUTHENTICATED/TOKEN_EXPIRED');
    server.clock.advance(-(server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS));
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

  it('asks for itself below a public field', async () => {
    const answer = await server.call<{ publicDirectory: { id: string; permissions: null }[] }>(
      '{ publicDirectory { id permissions } }',
    );
    expect(answer.data?.publicDirectory[0]).toEqual({ id: callers.user?.id, permissions: null });
    expect(new Set(answer.errors.map((error) => error.extensions.reason))).toEqual(new Set(['TOKEN_MISSING']));
  });

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

describe('a resolver of a fork', () => {
  /** @see nestjs/nest#8902 */
  it.each(['{ adminReport }', 'mutation { adminAction }'])(
    '%s: UNAUTHENTICATED, FORBIDDEN, then data',
    async (document) => {
      const answers = await Promise.all(
        [undefined, callers.user, callers.admin].map((caller) =>
          server.call(document, {}, { token: caller?.accessToken }),
        ),
      );
      expect(answers.map(refusalOf)).toEqual(['UNAUTHENTICATED/TOKEN_MISSING', 'FORBIDDEN', undefined]);
    },
  );

  it('any one of several roles is enough', async () => {
    const em = server.em();
    em.create(Role, { name: 'auditor', permissions: [], createdAt: new Date() });
    await em.flush();
    const { accessToken } = await signUpWithRoles(server, 'auditor');
    expect(refusalOf(await server.call('mutation { adminAction }', {}, { token: accessToken }))).toBeUndefined();
    expect(refusalOf(await server.call('{ adminReport }', {}, { token: accessToken }))).toBe('FORBIDDEN');
  });

  it('a changed role counts on the next request, without a new token', async () => {
    const em = server.em();
    const role = em.create(Role, { name: 'temporary', permissions: ['users:read'], createdAt: new Date() });
    await em.flush();
    const { accessToken } = await signUpWithRoles(server, 'temporary');
    const ask = () => server.call('{ me { lastLoginAt } }', {}, { token: accessToken });
    expect(refusalOf(await ask())).toBeUndefined();
    role.permissions = [];
    await em.flush();
    expect(refusalOf(await ask())).toBe('FORBIDDEN');
  });
});

describe('entry points that are not there', () => {
  /** @see nestjs/graphql#2028 */
  it.each(['{ _service { sdl } }', '{ _entities(representations: []) { __typename } }', 'subscription { me { id } }'])(
    '%s is no part of the schema',
    async (document) => {
      const answer = await server.call(document);
      expect(answer.status).toBe(400);
      expect(refusalOf(answer)).toBe('GRAPHQL_VALIDATION_FAILED');
    },
  );

  /** @see nestjs/graphql#82 @see nestjs/nest#8091 */
  it('a WebSocket is not accepted, and the next request is answered', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'graphql-transport-ws' };
    const outcome = await new Promise((resolve) => {
      request(`${server.url}/graphql`, { headers: upgrade, agent: false })
        .on('upgrade', () => resolve('open'))
        .on('response', (response) => resolve(response.resume().statusCode))
        .end();
    });
    expect(outcome).toBe(400);
    expect((await logIn(server, callers.user?.email ?? '')).id).toBe(callers.user?.id);
  });

  /** @see nestjs/graphql#1340 */
  it('unions answer their type with and without a token', async () => {
    const { email, accessToken } = await signUp(server);
    const document = `mutation { login(input: { email: "${email}", password: "correct horse battery staple" }) { __typename } }`;
    for (const token of [undefined, accessToken]) {
      expect((await server.call(document, {}, { token })).data).toEqual({ login: { __typename: 'AuthPayload' } });
    }
  });
});
