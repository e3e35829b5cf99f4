import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Module } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';
import { MOST_CONNECTIONS, MOST_OF_ONE_NETWORK } from '../../src/http/connections.js';
import { MOST_UNREAD, SlowReaders } from '../../src/http/slow-readers.js';
import { tryLogin } from '../accounts/operations.js';
import { PASSWORD } from '../support/accounts.js';
import { type Connection, open } from '../support/connection.js';
import { eventually } from '../support/eventually.js';
import { TestServer } from '../support/test-server.js';

/** Of the requests that wait at present, by name. */
const waiting = new Map<string, () => void>();

@Resolver()
class WaitingResolver {
  @Query(() => String)
  @Public()
  async waits(@Args('name') name: string): Promise<string> {
    await new Promise<void>((resolve) => waiting.set(name, resolve));
    waiting.delete(name);
    return name;
  }

  /** Longer than what the system takes over for a client that does not read, which is up to 10 MB. */
  @Query(() => String)
  @Public()
  long(): string {
    return 'x'.repeat(15 * 2 ** 20);
  }
}

@Module({ providers: [WaitingResolver] })
class WaitingModule {}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [WaitingModule] });
});
afterAll(() => server.stop());

const get = (document: string): string =>
  `GET /graphql?query=${encodeURIComponent(document)} HTTP/1.1\r\nHost: x\r\nApollo-Require-Preflight: 1\r\n\r\n`;
const waits = (...names: string[]): string => names.map((name) => get(`{ waits(name: "${name}") }`)).join('');

/** Everything that the server sends until it ends the connection. */
async function received({ client }: Pick<Connection, 'client'>): Promise<string> {
  let text = '';
  for await (const part of client.setEncoding('utf8')) text += String(part);
  return text;
}

const GARBAGE = '\0\x01\r\n\r\n';
const post = (document: string): string => {
  const body = JSON.stringify({ query: document });
  const lines = ['Host: x', 'Content-Type: application/json', `Content-Length: ${body.length}`];
  return ['POST /graphql HTTP/1.1', ...lines, '', body].join('\r\n');
};
const signsUp = (email: string): string =>
  post(`mutation { signup(input: { email: "${email}", password: "${PASSWORD}" }) { __typename } }`);

describe('what comes on a connection before the answer that is under way', () => {
  const EARLY: [what: string, bytes: string][] = [
    ['a request', waits('early')],
    ['ten requests', waits(...Array.from({ length: 10 }, () => 'early'))],
    ['a mutation', signsUp('early@example.com')],
    ['a request that ends the connection', waits('early').replace('Host', 'Connection: close\r\nHost')],
    [
      'a body of parts of one byte that does not end',
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_000)}`,
    ],
    ['a target without a path', 'GET http:// HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a target that is half a host', 'GET //a@b# HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a tunnel', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['what is no HTTP', GARBAGE],
    ['a request, and what is no HTTP', `${waits('early')}${GARBAGE}`],
  ];

  it.each(EARLY)('does not happen, and ends the connection behind the answer: %s', async (_, bytes) => {
    const connection = await open(server);
    const text = received(connection);
    connection.client.write(`${waits('first')}${bytes}`);
    await eventually('the first waits', async () => waiting.has('first'));
    await eventually(
      'all has come',
      async () => connection.accepted.bytesRead === waits('first').length + bytes.length,
    );
    waiting.get('first')?.();
    const [head = '', ...others] = (await text).split('HTTP/1.1 ').slice(1);
    expect(others).toEqual([]);
    expect(head).toMatch(/^200 OK\r\n[^]*"waits":"first"/);
    expect(head).toContain('Connection: close');
    expect([...waiting.keys()]).toEqual([]);
    const { data } = await tryLogin(server, 'early@example.com', PASSWORD);
    expect(data).toBeNull();
  });

  it('is nothing, but the end of what the client sends: the answer comes all the same', async () => {
    const client = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', allowHalfOpen: true });
    client.end(waits('first'));
    await eventually('the first waits', async () => waiting.has('first'));
    const text = received({ client });
    waiting.get('first')?.();
    expect(await text).toMatch(/^HTTP\/1.1 200 OK[^]*"waits":"first"/);
  });

  it('is not even made a request of, however much comes at once', async () => {
    let made = 0;
    const count = () => (made += 1);
    subscribe('http.server.request.start', count);
    const connection = await open(server);
    const bytes = waits('first') + 'GET / HTTP/1.1\r\n\r\n'.repeat(3_000);
    connection.client.write(bytes);
    await eventually('all has come', async () => connection.accepted.bytesRead === bytes.length);
    unsubscribe('http.server.request.start', count);
    expect(made).toBe(1);
    waiting.get('first')?.();
    connection.client.destroy();
  });

  it('ends the connection at once when its client sends more than ten times', async () => {
    const connection = await open(server);
    const closed = once(connection.accepted, 'close');
    connection.client.write(waits('first'));
    await eventually('the first waits', async () => waiting.has('first'));
    for (let count = 0; count < 12 && !connection.accepted.destroyed; count++) {
      const read = connection.accepted.bytesRead;
      connection.client.write(waits('early'));
      await eventually('it is read', async () => connection.accepted.bytesRead > read);
    }
    await closed;
    expect([...waiting.keys()]).toEqual(['first']);
    waiting.get('first')?.();
    const later = await open(server);
    later.client.write(waits('later'));
    await eventually('a later one waits', async () => waiting.has('later'));
    expect([...waiting.keys()]).toEqual(['later']);
    waiting.get('later')?.();
    later.client.destroy();
  });

  it('is nothing where clients wait for each answer: a connection serves any number of requests', async () => {
    const { client } = await open(server);
    for (let count = 0; count < 200; count++) {
      client.write(count % 2 ? get('{ __typename }') : post('{ __typename }'));
      expect(String(await once(client, 'data'))).toContain('"__typename":"Query"');
    }
    client.destroy();
  });
});

describe('answers that are not read', () => {
  /** Asks, and reads nothing. */
  async function openUnread(): Promise<Connection> {
    const connection = await open(server);
    connection.client.pause().write(get('{ long }'));
    await eventually('its answer waits to be read', async () => connection.accepted.writableLength > 0);
    return connection;
  }

  it('have 16 MB together: beyond it, the clients that have lagged for longest are cut off', async () => {
    const connections: Connection[] = [];
    while (connections.length < 4) connections.push(await openUnread());
    const unread = () =>
      connections.reduce((sum, { accepted }) => sum + (accepted.destroyed ? 0 : accepted.writableLength), 0);
    await eventually('no more than 16 MB are left', async () => unread() <= MOST_UNREAD);
    const areOpen = connections.map(({ accepted }) => !accepted.destroyed);
    expect([areOpen[0], areOpen[3], areOpen]).toEqual([false, true, areOpen.toSorted()]);
    for (const { client } of connections) client.destroy();
  });

  it('end a connection when less than 64 kB are taken in 30 s', async () => {
    const readers = new SlowReaders();
    const { accepted } = await openUnread();
    readers.add(accepted);
    const areOpen = [0, 30, 31].map((seconds) => {
      readers.look(seconds * 1000);
      return !accepted.destroyed;
    });
    expect(areOpen).toEqual([true, true, false]);
  });

  it('leave a connection open whose client takes more, though none of them is taken to its end', async () => {
    const readers = new SlowReaders();
    const { client, accepted } = await openUnread();
    readers.add(accepted);
    readers.look(0);
    const unsent = accepted.writableLength;
    const queued = () => (accepted as Socket & { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
    const enough = queued() - 64 * 1024;
    await eventually('some of it is taken', async () => {
      client.resume();
      await once(client, 'data');
      client.pause();
      return queued() <= enough;
    });
    expect(accepted.writableLength).toBe(unsent);
    readers.look(31_000);
    readers.look(61_000);
    expect(accepted.destroyed).toBe(false);
    client.destroy();
  });

  it('are looked after until they are read, and an idle connection is left open', async () => {
    const readers = new SlowReaders();
    const { client, accepted } = await openUnread();
    readers.add(accepted);
    readers.look(0);
    client.resume();
    await eventually('all of it is read', async () => accepted.writableLength === 0);
    readers.look(31_000);
    expect(accepted.destroyed).toBe(false);
    client.destroy();
  });
});

describe('the number of connections', () => {
  it('is 1,000 for each network, and others are let in', async () => {
    const connections: Connection[] = [];
    for (let count = 0; count < MOST_OF_ONE_NETWORK; count++) connections.push(await open(server, '127.0.0.3'));
    const oneMore = await open(server, '127.0.0.3');
    await once(oneMore.client, 'close');
    const other = await open(server, '127.0.0.4');
    other.client.write(get('{ __typename }'));
    expect(String(await once(other.client, 'data'))).toContain('"__typename":"Query"');

    const [leaving] = connections;
    leaving?.client.destroy();
    if (leaving) await once(leaving.accepted, 'close');
    const next = await open(server, '127.0.0.3');
    next.client.write(get('{ __typename }'));
    expect(String(await once(next.client, 'data'))).toContain('"__typename":"Query"');
    for (const { client } of [...connections, other, next]) client.destroy();
  });

  it('is not counted for a proxy, which connects for many', async () => {
    const behind = await TestServer.start({ env: { TRUST_PROXY: '127.0.0.5' } });
    const connections: Connection[] = [];
    for (let count = 0; count <= MOST_OF_ONE_NETWORK; count++) connections.push(await open(behind, '127.0.0.5'));
    expect(connections.filter(({ accepted }) => accepted.destroyed)).toEqual([]);
    for (const { client } of connections) client.destroy();
    await behind.stop();
  });

  it('is 5,000 in all', () => {
    expect(server.app.getHttpServer().maxConnections).toBe(MOST_CONNECTIONS);
    expect(MOST_CONNECTIONS).toBe(5_000);
  });
});
