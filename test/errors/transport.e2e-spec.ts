import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { FRONTEND, signedUpWithCookies } from '../cookies/cookie-client.js';
import { PASSWORD, signUp } from '../support/accounts.js';
import { documentedTable } from '../support/documented-table.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Received {
  status: number | undefined;
  type: string | undefined;
  body: string;
  codes: string[];
}

const JSON_TYPE = { 'content-type': 'application/json' };
const PREFLIGHT = { 'apollo-require-preflight': '1' };

/** Raw HTTP: `fetch` would set headers of its own. */
function send({ method = 'POST', path = '/graphql', headers = {}, body = '' }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const length = body ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const sent = request(
      `${server.url}${path}`,
      { method, headers: { ...length, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const answer = text.startsWith('{')
            ? (JSON.parse(text) as { errors?: { extensions: { code: string } }[] })
            : {};
          const codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
          resolve({ status: response.statusCode, type: response.headers['content-type'], body: text, codes });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

const query = (document: string) => JSON.stringify({ query: document });
const get = (document: string) => `/graphql?query=${encodeURIComponent(document)}`;

type Row = [status: number, when: string, codes: string[], sent: Sent];

const ROWS: Row[] = [
  [
    200,
    'execution began, although the resolver refused',
    ['UNAUTHENTICATED'],
    { headers: JSON_TYPE, body: query('{ me { id } }') },
  ],
  [
    200,
    'a query by GET that shows it is no simple request',
    [],
    { method: 'GET', path: get('{ __typename }'), headers: PREFLIGHT },
  ],
  [400, 'the document does not parse', ['GRAPHQL_PARSE_FAILED'], { headers: JSON_TYPE, body: query('{ me {') }],
  [400, 'the document is not valid', ['GRAPHQL_VALIDATION_FAILED'], { headers: JSON_TYPE, body: query('{ you }') }],
  [
    400,
    'a variable is missing',
    ['BAD_USER_INPUT'],
    { headers: JSON_TYPE, body: query('query ($id: Boolean!) { __typename @include(if: $id) }') },
  ],
  [
    400,
    'GET without the header that forces a preflight',
    ['BAD_REQUEST'],
    { method: 'GET', path: get('{ __typename }') },
  ],
  [400, 'no body', ['BAD_REQUEST'], {}],
  [400, 'no body but a JSON type', ['BAD_REQUEST'], { headers: JSON_TYPE }],
  [400, 'an empty object', ['BAD_REQUEST'], { headers: JSON_TYPE, body: '{}' }],
  [400, 'broken JSON', ['BAD_REQUEST'], { headers: JSON_TYPE, body: '{"query": canary-body' }],
  [400, 'a batch', ['BAD_REQUEST'], { headers: JSON_TYPE, body: `[${query('{ __typename }')}]` }],
  [400, 'text', ['BAD_REQUEST'], { headers: { 'content-type': 'text/plain' }, body: query('{ __typename }') }],
  [
    400,
    'a form',
    ['BAD_REQUEST'],
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query={__typename}' },
  ],
  [400, 'the body is JSON but no object', ['BAD_REQUEST'], { headers: JSON_TYPE, body: '"canary"' }],
  [
    400,
    'variables that are text',
    ['BAD_REQUEST'],
    { headers: JSON_TYPE, body: '{"query":"{ __typename }","variables":"canary"}' },
  ],
  [
    400,
    'an operation that is not in the document',
    ['BAD_REQUEST'],
    { headers: JSON_TYPE, body: '{"query":"query A { __typename }","operationName":"canary \\"<html>"}' },
  ],
  [
    400,
    'a broken query string',
    ['BAD_REQUEST'],
    { method: 'GET', path: `${get('{ __typename }')}&variables=canary`, headers: PREFLIGHT },
  ],
  [
    400,
    'another content type',
    ['BAD_REQUEST'],
    { headers: { 'content-type': 'application/graphql' }, body: '{ canary }' },
  ],
  [
    415,
    'a body that is packed',
    ['BAD_REQUEST'],
    { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: 'canary' },
  ],
  [404, 'there is nothing at the address', ['NOT_FOUND'], { method: 'GET', path: '/canary-path' }],
  [405, 'a mutation by GET', ['BAD_REQUEST'], { method: 'GET', path: get('mutation { logout }'), headers: PREFLIGHT }],
  [
    405,
    'a method that GraphQL does not have',
    ['BAD_REQUEST'],
    { method: 'PUT', headers: JSON_TYPE, body: query('{ __typename }') },
  ],
  [
    406,
    'the client takes no JSON',
    ['BAD_REQUEST'],
    { headers: { ...JSON_TYPE, accept: 'text/html' }, body: query('{ __typename }') },
  ],
  [413, 'a body over 100 kB', ['BAD_REQUEST'], { headers: JSON_TYPE, body: query(`# ${'canary'.repeat(20_000)}`) }],
  [
    415,
    'a charset that is not known',
    ['BAD_REQUEST'],
    { headers: { 'content-type': 'application/json; charset=canary' }, body: query('{ __typename }') },
  ],
  [
    415,
    'an encoding that is not known',
    ['BAD_REQUEST'],
    { headers: { ...JSON_TYPE, 'content-encoding': 'canary' }, body: query('{ __typename }') },
  ],
  [
    431,
    'headers over 16 kB',
    ['BAD_REQUEST'],
    { headers: { ...JSON_TYPE, 'x-large': 'canary'.repeat(4_000) }, body: query('{ __typename }') },
  ],
];

describe('the HTTP status', () => {
  it('has a test for each row of docs/errors.md', () => {
    // 408 is below, and 503 in test/security/held-bodies.
    const tested = new Set([...ROWS.map(([status]) => String(status)), '408', '503']);
    expect([...tested].sort()).toEqual([...documentedTable('HTTP status').keys()].sort());
  });

  /** @see nestjs/graphql#3997, apollographql/apollo-server#1841 */
  it.each(ROWS)('is %d when: %s', async (status, _, codes, sent) => {
    const received = await send(sent);
    expect({ status: received.status, codes: received.codes }).toEqual({ status, codes });
    expect(received.type).toMatch(/^application\/json; charset=utf-8$/);
    expect(received.body).not.toMatch(/canary|<html|<!DOCTYPE|node_modules/i);
  });

  it('is 408 when: a request does not arrive in time', async () => {
    const { port } = new URL(server.url);
    const accepted = once(server.app.getHttpServer(), 'connection') as Promise<[Socket]>;
    const client = connect(Number(port), '127.0.0.1', () => client.write('POST /graphql HTTP/1.1\r\n'));
    const [socket] = await accepted;
    // What Node itself does, a minute later.
    const late = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.app.getHttpServer().emit('clientError', late, socket);
    let text = '';
    for await (const chunk of client.setEncoding('utf8')) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).toMatch(/Content-Type: application\/json; charset=utf-8\r\n.*"code":"BAD_REQUEST"/s);
  });

  it('is 400, in JSON, for what is not even HTTP', async () => {
    const { port } = new URL(server.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('canary\r\n\r\n'));
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/"code":"BAD_REQUEST"/);
    expect(answer).not.toContain('canary');
  });
});

describe('a broken token', () => {
  /** @see auth0/node-jwks-rsa#292 */
  it('never ends the process: 500 of many kinds are refused, and a good one works', async () => {
    const user = await signUp(server);
    const lifetime = server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS;
    server.clock.advance(-lifetime);
    const expired = (await signUp(server)).accessToken;
    server.clock.advance(lifetime);
    const kinds = [
      ...['', '.', '..', '...', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', '\u00e9', '%00', 'x'.repeat(8_000)],
      ...[expired, user.accessToken.slice(0, -1), user.accessToken.slice(0, 40), user.refreshToken],
      `${'e'.repeat(4_000)}.e.e`,
    ];
    const kindOf = (index: number) => kinds[index % kinds.length] ?? '';
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => {
        const authorization = `Bearer ${Buffer.from(kindOf(index)).toString('latin1')}`;
        return send({ headers: { ...JSON_TYPE, authorization }, body: query('{ me { id } }') });
      }),
    );
    expect(answers.map(({ codes }) => codes)).toEqual(answers.map(() => ['UNAUTHENTICATED']));
    const huge = { ...JSON_TYPE, authorization: `Bearer ${'x'.repeat(100_000)}` };
    const refused = await Promise.all(
      Array.from({ length: 20 }, () => send({ headers: huge, body: query('{ me { id } }') }).catch(String)),
    );
    // Node stops reading; whoever is still writing then may see the connection end instead of the answer.
    for (const answer of refused) {
      expect(typeof answer === 'string' ? answer : String(answer.status)).toMatch(/431|EPIPE|ECONNRESET/);
    }
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

/** What Apollo itself finds out only when the operation has been carried out. */
describe('a mutation whose client accepts no JSON', () => {
  const NOT_ACCEPTABLE = { message: 'The Accept header excludes JSON, or is too long.' };
  const DELETE = `mutation { deleteAccount(password: "${PASSWORD}") }`;

  it.each([
    'text/plain',
    'text/html, image/*;q=0.8',
    'application/json;q=0',
    'application/json;q=0, text/*',
    '*/*;q=0',
    'application/json; charset=latin1',
  ])('is refused and does not happen, with a token and with cookies: %s', async (accept) => {
    const user = await signUp(server);
    const byToken = await server.call(DELETE, {}, { token: user.accessToken, headers: { accept } });
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect([byToken.status, byToken.errors]).toEqual([406, [expect.objectContaining(NOT_ACCEPTABLE)]]);

    const browser = await signedUpWithCookies(server);
    const byCookies = await browser.call(DELETE, {}, { origin: FRONTEND, accept });
    expect((await browser.me()).data).toEqual({ me: { id: browser.userId } });
    expect([byCookies.status, byCookies.errors]).toEqual([406, [expect.objectContaining(NOT_ACCEPTABLE)]]);
  });
});

describe('a request is answered', () => {
  const post = (path: string, accept: string) =>
    send({ path, headers: { ...JSON_TYPE, accept }, body: query('{ __typename }') });

  it.each([
    '',
    '*/*',
    'application/*',
    'APPLICATION/JSON',
    'application/json;q=0.1, text/html',
    'application/json; charset="UTF-8"',
    'application/graphql-response+json',
    'application/graphql-response+json; charset=utf-8, application/json;q=0',
    'text/html;q=0, */*',
  ])('to who accepts %p', async (accept) => {
    for (const path of ['/graphql', '/GraphQL/']) expect(await post(path, accept)).toMatchObject({ status: 200 });
  });

  it('whatever is accepted, beside /graphql', async () => {
    const accept = 'text/plain';
    for (const path of ['/health/live', '/.well-known/jwks.json']) {
      expect(await send({ method: 'GET', path, headers: { accept } })).toMatchObject({ status: 200 });
    }
    expect(await send({ method: 'GET', path: '/nothing', headers: { accept } })).toMatchObject({ status: 404 });
  });
});

it('an Accept of more than 1,000 characters is not read', async () => {
  const statusFor = async (accept: string) => (await server.call('{ __typename }', {}, { headers: { accept } })).status;
  expect([await statusFor('*/*,'.repeat(250)), await statusFor('*/*,'.repeat(251))]).toEqual([200, 406]);
});
