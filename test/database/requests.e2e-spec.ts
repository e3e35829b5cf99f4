import { GraphQLSchemaHost } from '@nestjs/graphql';
import { decodeJwt } from 'jose';
import { getNamedType, isLeafType, isNonNullType, isObjectType } from 'graphql';
import { Session } from '../../src/sessions/session.entity.js';
import { newEmail, PASSWORD, refresh, signUp, type TestUser, type Tokens } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { forgerOf } from '../tokens/forge.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ redis: false });
});
afterAll(() => server.stop());

/** @see mikro-orm/mikro-orm#1835, #2020 */
describe('each request has a unit of work of its own', () => {
  it('400 interleaved requests of 40 users are each answered with their caller', async () => {
    const users: TestUser[] = [];
    for (let index = 0; index < 40; index++) users.push(await signUp(server));
    const answers = await Promise.all(
      users.map(async ({ accessToken }) => {
        const seen = new Set<string>();
        for (let round = 0; round < 10; round++) {
          const { text } = await server.call('{ me { id email } }', {}, { token: accessToken });
          seen.add(text.trim());
        }
        return [...seen];
      }),
    );
    expect(answers).toEqual(users.map(({ id, email }) => [JSON.stringify({ data: { me: { id, email } } })]));
  });

  it('what changed in the database shows in the next request', async () => {
    const { id, accessToken } = await signUp(server);
    for (const name of ['Ann', 'Bob', null]) {
      await server.em().getConnection().execute('update users set name = ? where id = ?', [name, id]);
      const { data } = await server.call('{ me { name } }', {}, { token: accessToken });
      expect(data).toEqual({ me: { name } });
    }
  });
});

/** @see mikro-orm/mikro-orm#2530, mikro-orm/nestjs#22: the ORM refuses its global entity manager. */
describe('every operation finds its unit of work', () => {
  const inputs = { email: `"${newEmail()}"`, password: `"${PASSWORD}"` };
  const credentials = `input: { email: ${inputs.email}, password: ${inputs.password} }`;
  const QUERIES = [
    '{ serverInfo { version } }',
    '{ me { id email roles permissions } }',
    '{ mySessions { id device current } }',
  ];
  const MUTATIONS = [
    `mutation { signup(${credentials}) { ... on AuthPayload { user { roles permissions } session { current } } } }`,
    `mutation { login(${credentials}) { ... on AuthPayload { user { roles permissions } session { current } } } }`,
    'mutation ($refreshToken: String) { refresh(input: { refreshToken: $refreshToken }) { user { roles permissions } } }',
    'mutation { revokeOtherSessions }',
    'mutation { logout }',
  ];

  it('over POST, one after the other and twice in one document', async () => {
    const { accessToken, refreshToken } = await signUp(server);
    for (const query of [...QUERIES, ...MUTATIONS]) {
      const { errors } = await server.call(query, { refreshToken }, { token: accessToken });
      expect([query, errors]).toEqual([query, []]);
    }
    const { data } = await server.call(
      '{ a: me { id } b: me { id } }',
      {},
      { token: (await signUp(server)).accessToken },
    );
    expect(data?.['a']).toEqual(data?.['b']);
  });

  it('over GET', async () => {
    const { accessToken } = await signUp(server);
    const headers = { authorization: `Bearer ${accessToken}`, 'apollo-require-preflight': '1' };
    for (const query of QUERIES) {
      const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`, { headers });
      expect([response.status, await response.json()]).toEqual([200, { data: expect.any(Object) }]);
    }
  });
});

/** @see mikro-orm/mikro-orm#5600, typeorm/typeorm#2500: a condition that is left out matches the first row. */
describe('a missing value finds nobody', () => {
  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['an object', {}],
    ['a list', []],
    ['a number', 0],
  ])('a genuine token whose sub is %s', async (_, sub) => {
    const { accessToken } = await signUp(server);
    const claims = decodeJwt(accessToken);
    expect(await whoAmI(server, forgerOf(server)({ ...claims, sub }))).toBe('UNAUTHENTICATED/TOKEN_INVALID');
  });

  it('a genuine token with the session of somebody else', async () => {
    const [ann, bob] = [await signUp(server), await signUp(server)];
    const claims = decodeJwt(ann.accessToken);
    const token = forgerOf(server)({ ...claims, sid: bob.sessionId });
    expect(await whoAmI(server, token)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
  });

  it.each(['', null])('refresh with %j', async (token) => {
    expect(refusalOf(await refresh(server, token as string))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_MISSING');
  });

  it('login with the address null', async () => {
    const query = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
    const answer = await server.call(query, { input: { email: null, password: PASSWORD } });
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it.each(['', ' ', 'null', 'undefined', '0', '%', '00000000-0000-0000-0000-000000000000'])(
    'revokeSession of %j',
    async (id) => {
      const { accessToken, sessionId } = await signUp(server);
      const answer = await server.call(
        'mutation ($id: ID!) { revokeSession(id: $id) }',
        { id },
        { token: accessToken },
      );
      expect(refusalOf(answer)).toBe('NOT_FOUND');
      expect((await server.em().findOneOrFail(Session, sessionId)).revokedAt).toBeNull();
    },
  );
});

/** @see MichalLytek/type-graphql#785, mikro-orm/mikro-orm#7486 */
describe('the payload of a sign-in is complete', () => {
  type Payload = Tokens & Record<'user' | 'session', object>;

  const selectionOf = (typeName: string): string => {
    const type = server.app.get(GraphQLSchemaHost).schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`${typeName} is no object type`);
    const fields = Object.values(type.getFields()).filter(({ type: of }) => isLeafType(getNamedType(of)));
    return fields
      .filter(({ type: of }) => isNonNullType(of))
      .map(({ name }) => name)
      .join(' ');
  };

  it('every non-null field of user and session is there at once, and equal to what the next request reads', async () => {
    const user = `${selectionOf('User')} name permissions`;
    const session = `${selectionOf('Session')} device userAgent ipAddress`;
    const payload = `accessToken refreshToken user { ${user} } session { ${session} }`;
    const input = { email: newEmail(), password: PASSWORD, name: 'Ann' };
    const operations: [string, string, Record<string, unknown>][] = [
      [
        'signup',
        `mutation ($input: SignupInput!) { payload: signup(input: $input) { ... on AuthPayload { ${payload} } } }`,
        input,
      ],
      [
        'login',
        `mutation ($input: LoginInput!) { payload: login(input: $input) { ... on AuthPayload { ${payload} } } }`,
        { email: input.email, password: PASSWORD },
      ],
      ['refresh', `mutation ($input: RefreshInput) { payload: refresh(input: $input) { ${payload} } }`, {}],
    ];
    let refreshToken = '';
    for (const [name, query, values] of operations) {
      const variables = { input: name === 'refresh' ? { refreshToken } : values };
      const { data, errors } = await server.call<{ payload: Payload }>(query, variables);
      expect([name, errors]).toEqual([name, []]);
      const token = data?.payload.accessToken;
      refreshToken = data?.payload.refreshToken ?? '';
      const next = await server.call(`{ me { ${user} } mySessions { ${session} } }`, {}, { token });
      expect(next.errors).toEqual([]);
      expect(next.data?.['me']).toEqual(data?.payload.user);
      expect(next.data?.['mySessions']).toContainEqual(data?.payload.session);
    }
  });
});
