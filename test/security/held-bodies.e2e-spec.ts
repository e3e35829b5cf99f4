import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Args, Context, Query, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';
import type { GraphQLContext } from '../../src/access/request.js';
import { RequestCredentials } from '../../src/auth/request-credentials.js';
import { type Connection, open } from '../support/connection.js';
import { eventually } from '../support/eventually.js';
import { heapAndBuffers } from '../support/heap.js';
import { TestServer } from '../support/test-server.js';

const MB = 2 ** 20;

/** Of the requests that wait at present. */
const waiting: (() => void)[] = [];

@Resolver()
class WaitingResolver {
  constructor(private readonly modules: ModuleRef) {}

  /** Looks for cookies, as a sign-in does before it waits. */
  @Query(() => Boolean)
  @Public()
  async waits(
    @Context() { req }: GraphQLContext,
    @Args('for', { type: () => [String], nullable: true }) texts?: string[],
  ): Promise<boolean> {
    this.modules.get(RequestCredentials, { strict: false }).hasRefreshCookie(req);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return texts !== undefined;
  }
}

@Module({ providers: [WaitingResolver] })
class WaitingModule {}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [WaitingModule] });
});
afterAll(() => server.stop());

async function openMany(count: number): Promise<Connection[]> {
  const connections: Connection[] = [];
  while (connections.length < count) connections.push(await open(server));
  return connections;
}

async function closeAll(connections: readonly Connection[]): Promise<void> {
  for (const { client } of connections) client.resetAndDestroy();
  await eventually('they are closed', async () => connections.every(({ accepted }) => accepted.closed));
}

/** Sends the same on many connections, and says what each of them adds to the memory once the server has it all. */
async function heldByEach(connections: readonly Connection[], bytes: Buffer): Promise<number> {
  const before = heapAndBuffers();
  const reads = connections.map(({ accepted }) => accepted.bytesRead + bytes.length);
  for (const { client } of connections) client.write(bytes);
  await eventually('everything has arrived', async () =>
    connections.every(({ accepted }, index) => accepted.bytesRead === reads[index]),
  );
  return (heapAndBuffers() - before) / connections.length;
}

const head = (...lines: string[]) => ['POST /graphql HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n');
const JSON_TYPE = 'Content-Type: application/json';
const CHUNKED = 'Transfer-Encoding: chunked';
const inChunksOfOneByte = (length: number) => '1\r\n \r\n'.repeat(length);

describe('a body that does not end', () => {
  it.each([
    ['in chunks of one byte', head(JSON_TYPE, CHUNKED) + inChunksOfOneByte(9_000)],
    ['of more than 100 kB', head(JSON_TYPE, CHUNKED) + `14\r\n${' '.repeat(20)}\r\n`.repeat(6_000)],
    ['of another type', head('Content-Type: text/plain', CHUNKED) + inChunksOfOneByte(9_000)],
    ['that is compressed', head(JSON_TYPE, CHUNKED, 'Content-Encoding: gzip') + inChunksOfOneByte(9_000)],
    ['that was announced as 100 kB', `${head(JSON_TYPE, 'Content-Length: 100000')} `],
  ])('%s holds no more than twice what may come', async (_, bytes) => {
    const connections = await openMany(10);
    const held = await heldByEach(connections, Buffer.from(bytes));
    await closeAll(connections);
    expect(held).toBeLessThan(0.3 * MB);
  });
});

describe('a body that nobody reads', () => {
  const waits = (...lines: string[]) =>
    ['GET /graphql?query={waits} HTTP/1.1', 'Host: x', 'Apollo-Require-Preflight: 1', ...lines, '', ''].join('\r\n');
  const parts = inChunksOfOneByte(9_000);

  async function held(bytes: string): Promise<number> {
    const connections = await openMany(10);
    let refused = 0;
    for (const { client } of connections) client.once('data', () => (refused += 1));
    const byEach = await heldByEach(connections, Buffer.from(bytes + parts));
    await eventually('all requests wait or are refused', async () => waiting.length + refused === connections.length);
    for (const answer of waiting.splice(0)) answer();
    await closeAll(connections);
    // Until then what was done for them is not over, and what it holds not free.
    await server.call('{ __typename }');
    return byEach;
  }

  // Code that runs for the first time takes memory too.
  beforeAll(() => held(waits(CHUNKED)));

  it.each([
    ['without a type', waits(CHUNKED)],
    ['of another type', waits(CHUNKED, 'Content-Type: text/plain')],
    ['of a type that is too long', waits(CHUNKED, `${JSON_TYPE};${'x'.repeat(300)}`)],
    ['of JSON that is compressed', waits(CHUNKED, JSON_TYPE, 'Content-Encoding: gzip')],
    ['of JSON', waits(CHUNKED, JSON_TYPE)],
    ['of a request that comes behind', waits() + waits(CHUNKED)],
    ['of JSON of a request that comes behind', waits() + head(JSON_TYPE, CHUNKED)],
  ])('%s is not held while the answer is waited for', async (_, bytes) => {
    expect(await held(bytes)).toBeLessThan(0.3 * MB);
  });
});

const VALUES = 1_900;

/** Values that do their worst to the memory. What is in them differs between requests, so that V8 shares nothing. */
const SHAPES: [what: string, make: (name: () => string) => string][] = [
  ['lists in each other', () => nested(VALUES, () => '[', ']')],
  ['objects in each other', (name) => nested(VALUES, () => `{"${name()}":`, '}')],
  ['objects with long names in each other', (name) => nested(VALUES, () => `{"${name().padEnd(40, '_')}":`, '}')],
  ['objects in each other whose names are numbers', (name) => nested(VALUES, () => `{"${parseInt(name(), 36)}":`, '}')],
  ['empty lists', () => list(VALUES / 2, () => '[]')],
  ['empty objects', () => list(VALUES / 2, () => '{}')],
  ['objects of one field', (name) => list(VALUES / 2, () => `{"${name()}":0}`)],
  ['an object of many fields', (name) => `{${times(VALUES, () => `"${name()}":0`).join()}}`],
  ['numbers', () => list(VALUES, () => '1.5')],
  ['short texts', (name) => list(VALUES, () => `"${name()}"`)],
  ['longer texts', (name) => list(VALUES, () => `"${name().padEnd(40, '_')}"`)],
  ['one text', (name) => `"${name().padEnd(95_000, '_')}"`],
  ['one text beyond Latin-1', (name) => `"${name().padEnd(95_000, '_')}ā"`],
  ['one text of escapes', (name) => `"${name()}${'\\u0101'.repeat(15_000)}"`],
];

const times = (count: number, make: () => string): string[] => Array.from({ length: count }, make);
const list = (count: number, make: () => string): string => `[${times(count, make).join()}]`;
const nested = (depth: number, open: () => string, close: string): string =>
  `${times(depth, open).join('')}0${close.repeat(depth)}`;

let names = 36 ** 4;
const newName = (): string => (names++).toString(36);

const post = (body: string): Buffer =>
  Buffer.from(`${head(JSON_TYPE, `Content-Length: ${Buffer.byteLength(body)}`)}${body}`);

const withVariable = (value: string): Buffer => post(`{"query":"{ waits }","variables":{"x":${value}}}`);

/** Not longer than the lines of a head may be. */
const get = (parameters: string): Buffer =>
  Buffer.from(
    `GET /graphql?query={waits}&${parameters.replaceAll('"', '%22')} HTTP/1.1\r\nHost: x\r\napollo-require-preflight: 1\r\n\r\n`,
  );

/** Where else a value can be that no argument takes. */
const PLACES: [place: string, make: (value: string) => Buffer][] = [
  ['extensions', (value) => post(`{"query":"{ waits }","extensions":{"x":${value}}}`)],
  ['the body itself', (value) => post(`{"query":"{ waits }","x":${value}}`)],
  ['the variables of a GET', (value) => get(`variables={"x":${value}}`)],
  ['the extensions of a GET', (value) => get(`extensions={"x":${value}}`)],
];

/** What each of the requests holds that wait for their answers. */
async function heldWhileWaiting(connections: readonly Connection[], make: () => Buffer): Promise<number> {
  const requests = connections.map(make);
  const before = heapAndBuffers();
  for (const [index, { client }] of connections.entries()) client.write(requests[index] ?? '');
  await eventually('all requests wait', async () => waiting.length === connections.length);
  const held = (heapAndBuffers() - before) / connections.length;
  const answers = connections.map(({ client }) => once(client, 'data'));
  for (const answer of waiting.splice(0)) answer();
  await Promise.all(answers);
  return held;
}

describe('a request that waits for its answer', () => {
  let connections: Connection[];
  /** What a request holds that brings nothing. */
  let ofNothing: number;
  beforeAll(async () => {
    connections = await openMany(40);
    for (let turn = 0; turn < 2; turn++) ofNothing = await heldWhileWaiting(connections, () => withVariable('0'));
  });
  afterAll(() => closeAll(connections));

  it.each(SHAPES)('holds nothing of a variable that is not declared: %s', async (_, make) => {
    const held = await heldWhileWaiting(connections, () => withVariable(make(newName)));
    expect(held - ofNothing).toBeLessThan(20_000);
  });

  it.each(PLACES)('holds nothing of the values in %s', async (_, make) => {
    const value = nested(VALUES, () => '[', ']');
    const ofText = await heldWhileWaiting(connections, () => make(JSON.stringify('x'.repeat(value.length))));
    const held = await heldWhileWaiting(connections, () => make(value));
    expect(held - ofText).toBeLessThan(20_000);
  });

  it('holds nothing of the comments in its document but their text', async () => {
    const commented = (comments: string) => () =>
      post(JSON.stringify({ query: `{ waits } #${newName()}${comments.repeat(30_000)}` }));
    const ofText = await heldWhileWaiting(connections, commented('##'));
    const held = await heldWhileWaiting(connections, commented('#\n'));
    expect(held - ofText).toBeLessThan(20_000);
  });

  it('holds nothing of the escapes in its document but the texts that they make', async () => {
    const unused = (text: string) => () => {
      const texts = times(4, () => `"${newName()}${text}"`).join();
      return post(
        JSON.stringify({
          query: `query Used { waits } query Unused { waits(for: [${texts}]) }`,
          operationName: 'Used',
        }),
      );
    };
    const ofText = await heldWhileWaiting(connections, unused('x'.repeat(7_900)));
    const held = await heldWhileWaiting(connections, unused('\\n'.repeat(7_900)));
    // The document is longer by that much, and each text is a copy where the others are parts of the document.
    const copies = 2 * 4 * 7_900;
    expect(held - ofText).toBeLessThan(copies + 20_000);
  });

  it.each([
    ['of other names', (index: number) => `${newName()}=${String(index)}`],
    ['of names like ours', (index: number) => `latchkey-access${newName()}=${String(index)}`],
    ['of one name', () => `latchkey-access=${newName()}`],
  ])('holds nothing of cookies %s but their text', async (_, cookie) => {
    const body = '{"query":"{ waits }"}';
    const withCookies = (text: string) =>
      Buffer.from(`${head(JSON_TYPE, `Cookie: ${text}`, `Content-Length: ${String(body.length)}`)}${body}`);
    const cookies = () => {
      let text = '';
      for (let index = 0; text.length < 14_000; index++) text += `${cookie(index)};`;
      return text;
    };
    const ofText = await heldWhileWaiting(connections, () => withCookies(newName().padEnd(14_000, '_')));
    const held = await heldWhileWaiting(connections, () => withCookies(cookies()));
    expect(held - ofText).toBeLessThan(20_000);
  });
});

const inHalves = (bytes: Buffer): Buffer[] => [bytes.subarray(0, 9_000), bytes.subarray(9_000)];

async function sent({ client, accepted }: Connection, bytes: Buffer): Promise<void> {
  const all = accepted.bytesRead + bytes.length;
  client.write(bytes);
  await eventually('it has arrived', async () => accepted.bytesRead === all);
}

it('large bodies have 16 MB together until their requests are done: further ones are refused, and no small one', async () => {
  const connections = await openMany(200);
  const refused: string[] = [];
  for (const { client } of connections) client.once('data', (data: Buffer) => refused.push(data.toString()));
  const large = withVariable(`"${'x'.repeat(100_000)}"`);
  for (const { client } of connections) client.write(large);
  await eventually('all of them wait or are refused', async () => waiting.length + refused.length === 200);
  const { length } = large.subarray(large.indexOf('\r\n\r\n') + 4);
  const fitting = Math.floor((16 * MB) / length);
  expect([waiting.length, refused.length]).toEqual([fitting, 200 - fitting]);
  expect(new Set(refused.map((answer) => /^HTTP.*|"code":"\w+"/g.exec(answer)?.[0]))).toEqual(
    new Set(['HTTP/1.1 503 Service Unavailable']),
  );

  const small = await open(server);
  for (const part of inHalves(withVariable(`"${'x'.repeat(15_000)}"`))) await sent(small, part);
  await eventually('a small one waits too', async () => waiting.length === fitting + 1);
  await closeAll([...connections, small]);
  const early = await open(server);
  const answer = once(early.client, 'data') as Promise<[Buffer]>;
  early.client.write(large);
  expect(String(await answer)).toContain('HTTP/1.1 503');
  await closeAll([early]);
  for (const end of waiting.splice(0)) end();
  // What began before this is over before it.
  await server.call('{ __typename }');

  const later = await open(server);
  later.client.write(withVariable(`"${'x'.repeat(100_000)}"`));
  await eventually('there is room again', async () => waiting.length === 1);
  for (const answer of waiting.splice(0)) answer();
  await closeAll([later]);
});

const LARGE = withVariable(`"${'x'.repeat(100_000)}"`);

it.each([
  ['the client goes before its end', LARGE.subarray(0, -1)],
  ['what is no HTTP comes behind', Buffer.concat([LARGE, Buffer.from('\0\r\n\r\n')])],
  ['its chunks go wrong', `${head(JSON_TYPE, CHUNKED)}186a0\r\n${' '.repeat(100_000)}\r\nx\r\n`],
  ['another request comes behind', Buffer.concat([LARGE, LARGE])],
  ['it is refused', Buffer.from(LARGE.toString().replace('POST', 'DELETE'))],
  ['it is no JSON', Buffer.from(LARGE.toString().replaceAll('"', ' '))],
])('a large body has no share any more when %s', async (_, bytes) => {
  for (let turn = 0; turn < 2; turn++) {
    const connections = await openMany(160);
    for (const { client } of connections) client.write(bytes);
    const isRead = ({ accepted }: Connection) => accepted.destroyed || accepted.bytesRead === bytes.length;
    await eventually('it has come', async () => connections.every(isRead));
    for (const { client } of connections) client.destroy();
    await eventually('it is over', async () => {
      for (const answer of waiting.splice(0)) answer();
      return connections.every(({ accepted }) => accepted.destroyed);
    });
  }
  const later = await open(server);
  later.client.write(LARGE);
  await eventually('there is room', async () => waiting.length === 1);
  for (const end of waiting.splice(0)) end();
  await closeAll([later]);
});
