import { buildSchema, isScalarType, isSpecifiedScalarType, parse, validate } from 'graphql';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '../../examples/snippets/fetch.js';
import { createUrqlClient, type Tokens } from '../../examples/snippets/urql.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { FRONTEND } from '../cookies/cookie-client.js';
import { newEmail, PASSWORD, signUp, signUpWithRoles } from '../support/accounts.js';
import { freePort } from '../support/free-port.js';
import { TestServer } from '../support/test-server.js';

const SNIPPETS = 'examples/snippets/';
const TTL = 900;

/** The code in docs/clients.md is the code of these files: a line of the document names the file of each block. */
it('docs/clients.md shows the snippets as they are', () => {
  const document = readFileSync('docs/clients.md', 'utf8');
  const shown = [...document.matchAll(/<!-- file: (\S+) -->\n+```\w+\n(.*?)```/gs)].map(([, file = '', code]) => [
    file,
    code,
  ]);
  const files = readdirSync(SNIPPETS).filter((name) => !['package.json', 'node_modules'].includes(name));
  expect(shown.map(([file]) => file).sort()).toEqual(files.map((name) => SNIPPETS + name).sort());
  for (const [file = '', code] of shown) expect(code).toBe(readFileSync(file, 'utf8'));
});

describe('the snippets of docs/clients.md', () => {
  let server: TestServer;
  let endpoint: string;
  beforeAll(async () => {
    server = await TestServer.start();
    server.clock.freeze();
    endpoint = `${server.url}/graphql`;
  });
  afterAll(() => server.stop());

  it('with urql: operations go on past the end of the token, by one refresh', async () => {
    const { accessToken, refreshToken, id } = await signUp(server);
    let signedOut = 0;
    const client = createUrqlClient(endpoint, { accessToken, refreshToken }, () => signedOut++);
    const me = () =>
      client.query<{ me: { id: string } }>('{ me { id } }', {}, { requestPolicy: 'network-only' }).toPromise();
    expect((await me()).data).toMatchObject({ me: { id } });
    server.clock.advance(TTL + 60);
    for (const { data } of await Promise.all([me(), me(), me()])) expect(data).toMatchObject({ me: { id } });
    expect(signedOut).toBe(0);

    server.clock.advance(31 * 86_400);
    expect((await me()).error).toBeDefined();
    expect(signedOut).toBe(1);
  });

  it('with urql: a wrong password is no reason to refresh', async () => {
    const tokens: Tokens = await signUp(server);
    const client = createUrqlClient(endpoint, tokens, () => undefined);
    const input = { currentPassword: 'wrong', newPassword: 'another horse, another battery' };
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }';
    const { error } = await client.mutation(change, { input }).toPromise();
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  });

  describe('with fetch', () => {
    let jar: CookieJar;
    let sent: string[];
    const realFetch = globalThis.fetch;

    /** What a browser does with cookies. */
    beforeEach(() => {
      jar = new CookieJar();
      sent = [];
      globalThis.fetch = async (input, init) => {
        sent.push((JSON.parse(init?.body as string) as { query: string }).query);
        const headers = { ...(init?.headers as Record<string, string>), origin: FRONTEND, cookie: jar.header };
        const response = await realFetch(input, { ...init, headers });
        jar.receive(response);
        return response;
      };
    });
    afterEach(() => {
      globalThis.fetch = realFetch;
    });

    it('cookies sign in, and are refreshed once for all requests that wait', async () => {
      const request = createClient(endpoint);
      const login = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
      const input = { email: newEmail(), password: PASSWORD, transport: 'COOKIE' };
      expect(await request(login, { input })).toEqual({ data: { signup: { __typename: 'AuthPayload' } } });
      server.clock.advance(TTL + 60);
      jar.drop('latchkey-access');
      const ME = '{ me { email } }';
      const answers = await Promise.all([request(ME), request(ME), request(ME)]);
      expect(answers).toEqual(answers.map(() => ({ data: { me: { email: input.email } } })));
      expect(sent.filter((query) => query.includes('refresh'))).toHaveLength(1);

      server.clock.advance(31 * 86_400);
      const { errors } = await request(ME);
      expect(errors?.[0]?.extensions).toMatchObject({ reason: 'REFRESH_TOKEN_EXPIRED', action: 'LOGIN' });
    });
  });
});

describe('the snippets of docs/clients.md that verify tokens', () => {
  let server: TestServer;
  let proxy: Server;
  beforeAll(async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    server = await TestServer.start({ env: { PUBLIC_URL: issuer } });
    proxy = createServer((request, response) => {
      void fetch(server.url + (request.url ?? '')).then(async (answer) => response.end(await answer.text()));
    }).listen(Number(new URL(issuer).port), '127.0.0.1');
    process.env['LATCHKEY_ISSUER'] = issuer;
    process.env['LATCHKEY_URL'] = `${server.url}/graphql`;
  });
  afterAll(async () => {
    proxy.close();
    await server.stop();
  });

  type Ask = (path: string, authorization?: string) => Promise<{ status: number; body: unknown }>;

  const overHttp =
    (url: string): Ask =>
    async (path, authorization) => {
      const response = await fetch(url + path, { headers: authorization ? { authorization } : {} });
      return { status: response.status, body: await response.json() };
    };

  async function startExpress(): Promise<[Ask, () => unknown]> {
    const { app } = await import('../../examples/snippets/express.js');
    const listening = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => listening.once('listening', resolve));
    return [overHttp(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`), () => listening.close()];
  }

  async function startFastify(): Promise<[Ask, () => unknown]> {
    const { app } = await import('../../examples/snippets/fastify.js');
    return [overHttp(await app.listen({ port: 0, host: '127.0.0.1' })), () => app.close()];
  }

  async function startNext(): Promise<[Ask, () => unknown]> {
    const { GET } = await import('../../examples/snippets/next-route.js');
    const ask: Ask = async (path, authorization) => {
      const response = await GET(new Request(`http://app${path}`, { headers: authorization ? { authorization } : {} }));
      return { status: response.status, body: await response.json() };
    };
    return [ask, () => undefined];
  }

  it.each([
    ['Express', startExpress],
    ['Fastify', startFastify],
    ['Next.js', startNext],
  ])('in %s: who has a token is known, and nobody else is', async (name, start) => {
    const [ask, stop] = await start();
    const { accessToken, id } = await signUp(server);
    const admin = await signUpWithRoles(server, 'admin');
    expect(await ask('/hello', `Bearer ${accessToken}`)).toEqual({
      status: 200,
      body: { userId: id, roles: ['user'] },
    });
    const forged = `${accessToken.slice(0, -10)}AAAAAAAAAA`;
    for (const header of [undefined, '', 'Bearer', 'Bearer garbage', `Bearer ${forged}`, `Basic ${accessToken}`]) {
      expect(await ask('/hello', header)).toEqual({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    }
    if (name !== 'Next.js') {
      expect(await ask('/reports', `Bearer ${accessToken}`)).toEqual({ status: 403, body: { code: 'FORBIDDEN' } });
      expect(await ask('/reports', `Bearer ${admin.accessToken}`)).toEqual({ status: 200, body: ['All is well.'] });
    }
    await stop();
  });

  it('on a page of Next.js: the cookies of the request say who it is', async () => {
    const { currentUser } = await import('../../examples/snippets/next-page.js');
    const jar = new CookieJar();
    const email = newEmail();
    const mutation = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
    jar.receive(await server.call(mutation, { input: { email, password: PASSWORD, transport: 'COOKIE' } }));
    expect(await currentUser(jar.header)).toMatchObject({ email });
    expect(await currentUser(null)).toBeNull();
    jar.drop('latchkey-access');
    expect(await currentUser(jar.header)).toBeNull();
  });
});

describe('the input of code generators for phones', () => {
  const schema = buildSchema(readFileSync('schema.gql', 'utf8'));
  const scalars = Object.values(schema.getTypeMap()).filter(
    (type) => isScalarType(type) && !isSpecifiedScalarType(type),
  );

  it('for Apollo iOS: its paths lead to the schema and to operations that fit', () => {
    const { input } = JSON.parse(readFileSync(`${SNIPPETS}apollo-codegen-config.json`, 'utf8')) as {
      input: { schemaSearchPaths: string[]; operationSearchPaths: string[] };
    };
    expect(input).toEqual({
      schemaSearchPaths: ['schema.gql'],
      operationSearchPaths: ['examples/operations/*.graphql'],
    });
    const folder = 'examples/operations/';
    const text = readdirSync(folder).map((name) => readFileSync(folder + name, 'utf8'));
    // All at once: names must differ, as one module holds them all.
    expect(validate(schema, parse(text.join('\n')))).toEqual([]);
  });

  it('for Apollo Kotlin: its paths are those, and each scalar of the schema is mapped', () => {
    const script = readFileSync(`${SNIPPETS}build.gradle.kts`, 'utf8');
    expect(script).toContain('schemaFiles.from("schema.gql")');
    expect(script).toContain('srcDir("examples/operations")');
    const mapped = [...script.matchAll(/mapScalar\w*\("(\w+)"/g)].map(([, name]) => name);
    expect(mapped.sort()).toEqual(scalars.map(({ name }) => name).sort());
  });
});
