import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { TestServer } from '../support/test-server.js';

const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.com',
  APP_URL: 'https://app.example.com',
  BCRYPT_COST: '10',
};
const ORIGIN = 'http://localhost:5173';

let server: TestServer;
let production: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  production = await TestServer.start({ env: PRODUCTION });
});
afterAll(() => Promise.all([server.stop(), production.stop()]));

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

interface Received {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Raw HTTP: `fetch` refuses some methods, and sets headers of its own. */
async function send(
  { url }: TestServer,
  { method = 'POST', path = '/graphql', headers, body }: Sent,
): Promise<Received> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request(`${url}${path}`, { method, headers: { ...length, ...headers }, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

/** What is not HTTP at all, over a bare socket. The head of the answer as headers. */
async function sendBytes({ url }: TestServer, bytes: string): Promise<Received> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => line.split(': ')).map(([name = '', value]) => [name.toLowerCase(), value]),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const query = (document: string) => JSON.stringify({ query: document });
const TYPENAME = { headers: JSON_TYPE, body: query('{ __typename }') };

/** One of every kind of answer. */
const ANSWERS: [status: number, kind: string, answer: (to: TestServer) => Promise<Received>][] = [
  [200, 'data', (to) => send(to, TYPENAME)],
  [200, 'a refusal of a resolver', (to) => send(to, { headers: JSON_TYPE, body: query('{ me { id } }') })],
  [200, 'the key set', (to) => send(to, { method: 'GET', path: '/.well-known/jwks.json' })],
  [
    204,
    'a preflight',
    (to) => send(to, { method: 'OPTIONS', headers: { origin: ORIGIN, 'access-control-request-method': 'POST' } }),
  ],
  [400, 'a document that does not parse', (to) => send(to, { headers: JSON_TYPE, body: query('{') })],
  [400, 'broken JSON', (to) => send(to, { headers: JSON_TYPE, body: '{' })],
  [400, 'a request that may be forged', (to) => send(to, { body: 'x', headers: { 'content-type': 'text/plain' } })],
  [404, 'nothing there', (to) => send(to, { method: 'GET', path: '/nothing' })],
  [404, 'a path below /graphql', (to) => send(to, { ...TYPENAME, path: '/graphql/nothing' })],
  [405, 'another method', (to) => send(to, { method: 'DELETE' })],
  [405, 'TRACE', (to) => send(to, { method: 'TRACE', path: '/', headers: { cookie: 'latchkey-access=canary' } })],
  [405, 'CONNECT', (to) => sendBytes(to, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')],
  [413, 'a body that is too large', (to) => send(to, { headers: JSON_TYPE, body: query('x'.repeat(102_400)) })],
  [
    415,
    'another charset',
    (to) => send(to, { ...TYPENAME, headers: { 'content-type': 'application/json; charset=utf-7' } }),
  ],
  [400, 'what is not HTTP', (to) => sendBytes(to, 'canary\r\n\r\n')],
  [
    415,
    'a Content-Type of more than 255 characters',
    (to) =>
      sendBytes(
        to,
        `GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: a/b;${' '.repeat(252)}x\r\n\r\n`,
      ),
  ],
  ...[
    'http://',
    'http://[::1/graphql',
    'https://',
    'ftp://x/graphql',
    '/#',
    '//a@b#',
    '//a@x[y/#',
    '//a@b\u00a0',
    'http://a/#',
    '//a@b?\u00e9',
  ].map((target): (typeof ANSWERS)[number] => [
    400,
    `a target without a path: ${target}`,
    (to) => sendBytes(to, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
  ]),
  [
    400,
    'TRACE of such a target',
    (to) => sendBytes(to, 'TRACE http:// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  ],
  ...['Host: a\r\nHost: b', 'Host: a b', 'Host: a/b', 'Host: a@b', 'Host: "a"'].map(
    (lines): (typeof ANSWERS)[number] => [
      400,
      `a wrong Host: ${lines}`,
      (to) => sendBytes(to, `GET /graphql HTTP/1.1\r\n${lines}\r\nConnection: close\r\n\r\n`),
    ],
  ),
  [400, 'a request without Host', (to) => sendBytes(to, 'GET /graphql HTTP/1.1\r\nConnection: close\r\n\r\n')],
  [
    404,
    'an expectation that is not known',
    (to) => send(to, { method: 'GET', path: '/nothing', headers: { expect: 'canary' } }),
  ],
  [
    431,
    'headers that are too large',
    (to) => sendBytes(to, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'c'.repeat(20_000)}\r\n\r\n`),
  ],
];

describe.each(ANSWERS)('an answer with %d: %s', (status, _, answer) => {
  it('carries every security header, is JSON, and does not name the software', async () => {
    const received = await answer(server);
    expect(received.status).toBe(status);
    expect(received.headers).toMatchObject({
      'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(received.headers['cache-control']).toMatch(/^(no-store|public, max-age=300)$/);
    expect(received.headers).not.toHaveProperty('x-powered-by');
    expect(received.headers).not.toHaveProperty('server');
    expect(received.headers).not.toHaveProperty('strict-transport-security');
    expect(received.body).not.toContain('canary');
    if (status !== 204) expect(received.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('keeps browsers on https in production', async () => {
    const { headers } = await answer(production);
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });
});

describe('nothing of /graphql is stored', () => {
  it.each(ANSWERS.filter(([, kind]) => kind !== 'the key set'))('%d: %s', async (_status, _kind, answer) => {
    expect((await answer(server)).headers['cache-control']).toBe('no-store');
  });
});

describe('another method', () => {
  it.each(['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH'])(
    '%s is refused, and told what is allowed',
    async (method) => {
      for (const path of ['/graphql', '/', '/.well-known/jwks.json']) {
        const { status, headers, body } = await send(server, { method, path });
        expect([status, headers.allow]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
        expect(JSON.parse(body)).toEqual({
          errors: [
            {
              message: 'This method is not allowed here.',
              extensions: { code: 'BAD_REQUEST', requestId: headers['x-request-id'] },
            },
          ],
        });
      }
    },
  );

  it('CONNECT gets no tunnel', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*\r\nAllow: GET, HEAD, POST, OPTIONS\r\n/);
  });
});

describe('a body', () => {
  const CHARSETS = ['utf-7', 'utf-7-imap', 'utf-16', 'utf-16le', 'utf-32', 'latin1', 'us-ascii', 'x'];

  it.each(CHARSETS)('in %s is refused', async (charset) => {
    const { status } = await send(server, {
      ...TYPENAME,
      headers: { 'content-type': `application/json; charset=${charset}` },
    });
    expect(status).toBe(415);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf8',
  ])('in UTF-8 is read: %s', async (type) => {
    const { status, body } = await send(server, { ...TYPENAME, headers: { 'content-type': type } });
    expect([status, JSON.parse(body)]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('of 100 kB in small parts is read, and one byte more is refused', async () => {
    const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n';
    const parts = TYPENAME.body.padEnd(102_400).replaceAll(/.{16}/g, '10\r\n$&\r\n');
    const inParts = `${head}Transfer-Encoding: chunked\r\n\r\n${parts}`;
    expect(await sendBytes(server, `${inParts}0\r\n\r\n`)).toMatchObject({
      status: 200,
      body: '{"data":{"__typename":"Query"}}\n',
    });
    expect((await sendBytes(server, `${inParts}1\r\n \r\n0\r\n\r\n`)).status).toBe(413);
  });

  it.each([
    ['of JSON', 'POST /graphql', 'application/json'],
    ['of another type', 'POST /graphql', 'text/plain'],
    ['on another path', 'POST /nothing', 'application/json'],
    ['that nobody asked for', 'GET /health/live', 'text/plain'],
  ])('in more than 10,000 parts ends the connection: %s', async (_, line, type) => {
    // Nothing else ends it.
    Object.assign(server.app.getHttpServer(), { requestTimeout: 0, timeout: 0 });
    const head = `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    socket.write(head + '1\r\n \r\n'.repeat(10_001));
    await new Promise((resolve) => socket.resume().once('close', resolve));
    Object.assign(server.app.getHttpServer(), { requestTimeout: 30_000, timeout: 60_000 });
  });

  it.each([
    ['a mark of the byte order', `\uFEFF${TYPENAME.body}`],
    ['a byte that is not UTF-8', Buffer.from(query('{ __typename } # \xFF'), 'latin1')],
  ])('with %s is read', async (_, body) => {
    expect((await send(server, { ...TYPENAME, body })).status).toBe(200);
  });

  it('of 2,000 values is read, and one of more is refused, whatever is in a text', async () => {
    const list = (length: number) => new Array<unknown>(length).fill(0);
    const text = '[{,"\\'.repeat(1_000);
    const statusOf = async (values: unknown[]) => {
      const body = JSON.stringify({ query: '{ __typename }', extensions: { [text]: [text, ...values] } });
      return (await send(server, { headers: JSON_TYPE, body })).status;
    };
    // The body, the document, the extensions, the list and its first text are values too.
    expect(await statusOf(list(1_995))).toBe(200);
    expect(await statusOf(list(1_996))).toBe(413);
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, identity'])('that is compressed is refused: %s', async (coding) => {
    const headers = { ...JSON_TYPE, 'content-encoding': coding };
    expect((await send(server, { headers, body: TYPENAME.body })).status).toBe(415);
  });

  it('that is compressed on its way is refused', async () => {
    const chunk = `${TYPENAME.body.length.toString(16)}\r\n${TYPENAME.body}\r\n0\r\n\r\n`;
    const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n';
    const answerTo = async (coding: string) =>
      (await sendBytes(server, `${head}Transfer-Encoding: ${coding}\r\n\r\n${chunk}`)).status;
    expect([await answerTo('Chunked'), await answerTo('gzip, chunked')]).toEqual([200, 415]);
  });

  it('that unpacks to more than the limit is refused before it is unpacked', async () => {
    const bomb = gzipSync(query('x'.repeat(90_000_000)));
    expect(bomb.byteLength).toBeLessThan(102_400);
    const before = process.memoryUsage().rss;
    const { status } = await send(server, { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: bomb });
    expect(status).toBe(415);
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });
});

/** ASVS 4.2: two readings of one request are none. */
describe('the framing of a request', () => {
  const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

  it.each([
    [
      'both Content-Length and Transfer-Encoding',
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['two Content-Length', `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}`],
    ['a chunk without a size', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
    ['a blank before the colon', `${head}X-Header : a\r\n\r\n`],
    ['a bare CR in a header', `${head}X-Header: a\rb\r\n\r\n`],
    ['a NUL in a header', `${head}X-Header: a\0b\r\n\r\n`],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('with %s is refused, and the connection ends', async (_, bytes) => {
    const { status, body } = await sendBytes(server, bytes);
    expect([status, JSON.parse(body)]).toEqual([
      400,
      { errors: [{ message: 'The request could not be read.', extensions: { code: 'BAD_REQUEST' } }] },
    ]);
  });
});

it.each(['GET / HTTP/2.0\r\nHost: x', 'GET / HTTP/0.9\r\nHost: x', 'GET /'])(
  'another version of HTTP is refused: %j',
  async (head) => {
    const { status, body } = await sendBytes(server, `${head}\r\n\r\n`);
    expect([status, JSON.parse(body)]).toMatchObject([400, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }]);
  },
);

it('a target with a scheme and a host is its path', async () => {
  const target = 'http://anything.example/graphql?query={__typename}';
  const lines = ['Host: a', 'Apollo-Require-Preflight: 1', 'Connection: close'];
  const { status, body } = await sendBytes(server, [`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  expect([status, JSON.parse(body)]).toEqual([200, { data: { __typename: 'Query' } }]);
});

it('a request has one answer, also when the rest of its body goes wrong behind that', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.write('DELETE /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  await once(socket, 'data');
  socket.write('zz\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 405']);
});

it('headers that do not arrive are given up after the time that they have, and the connection ends', async () => {
  const slow = await TestServer.start();
  const http = slow.app.getHttpServer();
  http.headersTimeout = 1_000;
  const { status, body } = await sendBytes(slow, 'GET / HTTP/1.1\r\nHost: x\r\n');
  expect([status, JSON.parse(body)]).toEqual([
    408,
    { errors: [{ message: 'The request could not be read.', extensions: { code: 'BAD_REQUEST' } }] },
  ]);
  await slow.stop();
});

it('what is not read to its end closes the connection also for a client that leaves its side open', async () => {
  const slow = await TestServer.start();
  const http = slow.app.getHttpServer();
  http.headersTimeout = 1_000;
  const accepting = once(http, 'connection') as Promise<[Socket]>;
  const client = connect({ port: Number(new URL(slow.url).port), host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined).resume();
  const [accepted] = await accepting;
  client.write('GET / HTTP/1.1\r\nHost: x\r\n');
  await once(accepted, 'close');
  client.destroy();
  await slow.stop();
});

it('requests and connections have an end, within a second', () => {
  expect(server.app.getHttpServer()).toMatchObject({
    connectionsCheckingInterval: 1_000,
    headersTimeout: 20_000,
    requestTimeout: 30_000,
    timeout: 60_000,
    keepAliveTimeout: 65_000,
    maxHeadersCount: 100,
  });
});
