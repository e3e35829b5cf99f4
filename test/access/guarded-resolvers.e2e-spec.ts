import { request } from 'node:http';
import { Role } from '../../src/roles/role.entity.js';
import { PASSWORD, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { FAULT_CANARY, ForkModule } from '../support/fork.module.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
let user: TestUser;
let admin: TestUser;

beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule] });
  user = await signUp(server);
  admin = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

describe('a resolver of a fork', () => {
  /** @see nestjs/nest#8902 */
  it.each([
    ['{ adminReport }', { adminReport: 'all is well' }],
    ['mutation { adminAction }', { adminAction: true }],
  ])('%s: UNAUTHENTICATED, FORBIDDEN, then data', async (document, data) => {
    const answers = await Promise.all(
      [undefined, user, admin].map((caller) => server.call(document, {}, { token: caller?.accessToken })),
    );
    expect(answers.map(refusalOf)).toEqual(['UNAUTHENTICATED/TOKEN_MISSING', 'FORBIDDEN', undefined]);
    expect(answers.map((answer) => answer.data)).toEqual([null, null, data]);
  });

  it('a list behind a permission is refused as a whole, and complete for who holds it', async () => {
    const ask = (token: string) => server.call('{ everybody { id } }', {}, { token });
    expect(refusalOf(await ask(user.accessToken))).toBe('FORBIDDEN');
    expect((await ask(admin.accessToken)).data).toEqual({ everybody: [{ id: user.id }, { id: admin.id }] });
  });

  it('is handed its own caller, also when two ask at once', async () => {
    const answers = await Promise.all(
      [user, admin].map(({ accessToken }) => server.call('{ whoAmI }', {}, { token: accessToken })),
    );
    expect(answers.map(({ data }) => data)).toEqual([{ whoAmI: user.id }, { whoAmI: admin.id }]);
  });

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

describe('an HTTP route of a fork', () => {
  const get = async (path: string, token?: string) => {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await fetch(`${server.url}/fork/${path}`, { headers });
    const body = await response.text();
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    return { status: response.status, body, ...(JSON.parse(body) as Parameters<typeof refusalOf>[0]) };
  };

  it('is guarded by the same rules, and says so by its status too', async () => {
    expect(await get('report')).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING', action: 'LOGIN' } }],
    });
    expect(await get('report', 'garbage')).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID', action: 'REFRESH' } }],
    });
    expect(await get('report', user.accessToken)).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'FORBIDDEN', action: 'NONE' } }],
    });
    expect(await get('report', admin.accessToken)).toMatchObject({ status: 200, text: 'all is well' });
  });

  /** @see nestjs/graphql#3997 */
  it.each([
    ['notFound', 404, 'NOT_FOUND'],
    ['conflict', 409, 'CONFLICT'],
    ['tooMany', 429, 'TOO_MANY_REQUESTS'],
    ['teapot', 418, 'BAD_REQUEST'],
    ['unavailable', 503, 'SERVICE_UNAVAILABLE'],
    ['badly', 500, 'INTERNAL_SERVER_ERROR'],
  ])('that fails (%s) is %d %s, and nothing of the inside', async (how, status, code) => {
    const answer = await get(`fails/${how}`);
    expect({ status: answer.status, codes: answer.errors.map(({ extensions }) => extensions.code) }).toEqual({
      status,
      codes: [code],
    });
    expect(answer.body).not.toContain(FAULT_CANARY.split(' ')[0]);
    expect(answer.body).not.toContain('node_modules');
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
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

describe('a union', () => {
  /** @see nestjs/graphql#1340 */
  it('tells its type with a token, without one and with a bad one, and guards what is inside', async () => {
    const input = `input: { email: "${user.email}", password: "${PASSWORD}" }`;
    const document = `mutation { login(${input}) { __typename ... on AuthPayload { user { id lastLoginAt } } } }`;
    for (const token of [undefined, admin.accessToken, 'garbage']) {
      const answer = await server.call(document, {}, { token });
      expect(answer.data).toEqual({ login: { __typename: 'AuthPayload', user: { id: user.id, lastLoginAt: null } } });
      expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
        [['login', 'user', 'lastLoginAt'], 'FORBIDDEN'],
      ]);
    }
  });
});
