import { once } from 'node:events';
import { connect } from 'node:net';
import { Module } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';
import { MOST_UNREAD } from '../../src/http/slow-readers.js';
import { type Connection, open } from '../support/connection.js';
import { eventually } from '../support/eventually.js';
import { heapAndBuffers } from '../support/heap.js';
import { IN_SMALL_PARTS } from '../support/in-small-parts.js';
import { TestServer } from '../support/test-server.js';

/** More than what a turn of the event loop has room for. */
const WORK_MS = 6;
/** Far more than the operating system takes over for a client that does not read. */
const LONG = 15 * 2 ** 20;

/** The requests that have begun, by name. */
let begun: string[] = [];
/** What is alive in memory while others wait. */
let held = 0;

@Resolver()
class WorkingResolver {
  /** Works without waiting for anything, as all that asks SQLite does. */
  @Query(() => String)
  @Public()
  works(@Args('name') name: string): string {
    begun.push(name);
    const end = performance.now() + WORK_MS;
    while (performance.now() < end);
    return name;
  }

  /** Looks once at what is held meanwhile. */
  @Query(() => String)
  @Public()
  looks(): string {
    begun.push('looks');
    if (begun.length === 11) held = heapAndBuffers();
    return this.works('looks too');
  }

  @Query(() => String)
  @Public()
  long(): string {
    begun.push('long');
    return 'x'.repeat(LONG);
  }
}

@Module({ providers: [WorkingResolver] })
class WorkingModule {}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [WorkingModule] });
});
afterAll(() => server.stop());
beforeEach(() => {
  begun = [];
});

/** Connections on which the last byte of a request is missing. */
async function almost(
  count: number,
  document: string,
  localAddress?: string,
  rest: object = {},
): Promise<Connection[]> {
  const body = JSON.stringify({ query: document, ...rest });
  const lines = ['Host: x', 'Content-Type: application/json', `Content-Length: ${String(body.length)}`];
  const bytes = ['POST /graphql HTTP/1.1', ...lines, '', body].join('\r\n').slice(0, -1);
  const connections: Connection[] = [];
  while (connections.length < count) connections.push(await open(server, localAddress));
  for (const { client } of connections) client.write(bytes);
  await eventually('all but the last byte has come', async () =>
    connections.every(({ accepted }) => accepted.bytesRead === bytes.length),
  );
  return connections;
}

const sendLast = (connections: readonly Connection[]): void => {
  for (const { client } of connections) client.write('}');
};
const closeAll = (connections: readonly Connection[]): void => {
  for (const { client } of connections) client.destroy();
};

describe('of a hundred requests that come at once', () => {
  it('those of one network keep none of another waiting', async () => {
    const flood = await almost(100, '{ works(name: "flood") }', '127.0.0.3');
    const [other] = await almost(1, '{ works(name: "other") }', '127.0.0.4');
    sendLast([...flood, ...(other ? [other] : [])]);
    await eventually('all have begun', async () => begun.length === 101);
    expect(begun.indexOf('other')).toBeLessThan(10);
    closeAll([...flood, ...(other ? [other] : [])]);
  });

  it('few begin in a turn of the event loop, and in between all else goes on', async () => {
    const flood = await almost(100, '{ works(name: "flood") }');
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += begun.length > 0 ? 1 : 0;
      if (!isOver) setImmediate(turn);
    };
    turn();
    sendLast(flood);
    await eventually('all have begun', async () => begun.length === 100);
    isOver = true;
    expect(turns).toBeGreaterThan(30);
    closeAll(flood);
  });

  it('none begins whose client has gone before its turn', async () => {
    const flood = await almost(100, '{ works(name: "flood") }');
    sendLast(flood);
    await eventually('some have begun', async () => begun.length > 0);
    for (const { client } of flood) client.resetAndDestroy();
    await eventually('all are closed', async () => flood.every(({ accepted }) => accepted.closed));
    const [later] = await almost(1, '{ works(name: "later") }');
    later?.client.write('}');
    await eventually('a later one begins', async () => begun.includes('later'));
    expect(begun.length).toBeLessThan(50);
    later?.client.destroy();
  });

  it('those that wait hold the bytes of their bodies, and nothing that is made of them', async () => {
    let lists: unknown[] = [];
    for (let depth = 0; depth < 1_900; depth++) lists = [lists];
    const flood = await almost(100, '{ looks }', undefined, { lists });
    const before = heapAndBuffers();
    sendLast(flood);
    await eventually('all have begun', async () => begun.filter((name) => name === 'looks').length === 100);
    expect((held - before) / 90).toBeLessThan(30_000);
    closeAll(flood);
  });

  it('those whose clients have gone leave their room for large bodies to others', async () => {
    const large = `{ works(name: "large") } #${'x'.repeat(90_000)}`;
    const waiting = await almost(180, large);
    sendLast(waiting);
    await eventually('some have begun', async () => begun.length > 0);
    for (const { client } of waiting) client.resetAndDestroy();
    await eventually('all are closed', async () => waiting.every(({ accepted }) => accepted.closed));
    begun = [];
    const later = await almost(150, large);
    sendLast(later);
    await eventually('all of the later ones begin', async () => begun.length === 150);
    closeAll(later);
  });
});

describe('while much comes at once', () => {
  it('bodies in the smallest parts of one network keep none of another waiting', async () => {
    const flood: Connection[] = [];
    while (flood.length < 50) flood.push(await open(server, '127.0.0.3'));
    const [other] = await almost(1, '{ works(name: "other") }', '127.0.0.4');
    if (!other) throw new Error('There is no other.');
    for (const { client } of flood) client.write(IN_SMALL_PARTS);
    other.client.write('}');
    await once(other.client, 'data');
    const read = flood.filter(({ accepted }) => accepted.bytesRead > 0);
    expect(read.length).toBeLessThan(20);
    await eventually('all are read', async () => flood.every(({ accepted }) => accepted.bytesRead > 0));
    closeAll([...flood, other]);
  });

  it('connections that send nothing take no turn from a new client', async () => {
    const silent: Connection[] = [];
    while (silent.length < 200) silent.push(await open(server, `127.0.1.${String(silent.length)}`));
    const flood = await almost(150, '{ works(name: "flood") }', '127.0.0.3');
    const parts: Connection[] = [];
    while (parts.length < 20) parts.push(await open(server, '127.0.0.3'));
    const almostAll = flood[0]?.accepted.bytesRead ?? 0;
    sendLast(flood);
    await eventually('all wait', async () => flood.every(({ accepted }) => accepted.bytesRead > almostAll));
    for (const { client } of parts) client.write(IN_SMALL_PARTS);
    await eventually('some are read', async () => parts.some(({ accepted }) => accepted.bytesRead > 0));
    const before = begun.length;
    const [other] = await almost(1, '{ works(name: "other") }', '127.0.0.4');
    if (!other) throw new Error('There is no other.');
    other.client.write('}');
    await once(other.client, 'data');
    expect(begun.indexOf('other') - before).toBeLessThan(50);
    await eventually('all have begun', async () => begun.length === 151);
    closeAll([...silent, ...flood, ...parts, other]);
  });

  it('connections are accepted before requests that wait begin', async () => {
    const flood = await almost(100, '{ works(name: "flood") }');
    sendLast(flood);
    await eventually('some have begun', async () => begun.length > 0);
    let accepted = 0;
    const coming = Array.from({ length: 50 }, () => connect(Number(new URL(server.url).port), '127.0.0.1'));
    server.app.getHttpServer().on('connection', () => {
      accepted += 1;
    });
    const before = begun.length;
    await eventually('all are accepted', async () => accepted === coming.length);
    expect(begun.length - before).toBeLessThan(40);
    for (const client of coming) client.destroy();
    await eventually('all have begun', async () => begun.length === 100);
    closeAll(flood);
  });
});

it('long answers that come at once, and that nobody reads, are never more than there is room for', async () => {
  const unread = await almost(30, '{ long }');
  for (const { client } of unread) client.pause();
  let most = 0;
  const look = (): void => {
    most = Math.max(
      most,
      unread.reduce((sum, { accepted }) => sum + (accepted.destroyed ? 0 : accepted.writableLength), 0),
    );
    if (begun.length < 30) setImmediate(look);
  };
  look();
  sendLast(unread);
  await eventually('all have begun', async () => begun.length === 30);
  expect(most).toBeLessThanOrEqual(MOST_UNREAD);
  closeAll(unread);
});
