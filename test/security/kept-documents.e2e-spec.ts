import type { ApolloServerPlugin } from '@apollo/server';
import { Module } from '@nestjs/common';
import { Plugin } from '@nestjs/apollo';
import { heapUsed } from '../support/heap.js';
import { TestServer } from '../support/test-server.js';

const MB = 2 ** 20;
const parsed: (string | undefined)[] = [];

/** Notes what is parsed. */
@Plugin()
class ParsedDocuments implements ApolloServerPlugin {
  async requestDidStart() {
    return {
      parsingDidStart: async ({ source }: { source: string }): Promise<void> => {
        parsed.push(source);
      },
    };
  }
}

@Module({ providers: [ParsedDocuments] })
class ParsedDocumentsModule {}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [ParsedDocumentsModule] });
});
afterAll(() => server.stop());
beforeEach(() => parsed.splice(0));

describe('documents', () => {
  it('that come again are not parsed again', async () => {
    const ordinary = '{ serverInfo { version } }';
    for (let times = 0; times < 3; times++) expect((await server.call(ordinary)).errors).toEqual([]);
    expect(parsed).toEqual([ordinary]);
  });

  it('of 60 kB, each a different one, leave nothing behind', async () => {
    const send = (index: number) => server.call(`{ a${index}: __typename } ${'#\n'.repeat(30_000)}`);
    await send(0);
    const before = heapUsed();
    for (let index = 1; index <= 100; index++) expect((await send(index)).errors).toEqual([]);
    expect(heapUsed() - before).toBeLessThan(40 * MB);
    expect(parsed).toHaveLength(101);
  });

  it('that come by GET keep nothing of their URL', async () => {
    const headers = { 'apollo-require-preflight': 'true' };
    const send = async (index: number) => {
      // Nothing is decoded in it, which would make another text of it.
      const search = `query={a${index}:__typename}&padding=${'x'.repeat(15_000)}`;
      const { status } = await fetch(`${server.url}/graphql?${search}`, { headers });
      expect(status).toBe(200);
    };
    await send(0);
    const before = heapUsed();
    for (let index = 1; index <= 1_500; index++) await send(index);
    expect(heapUsed() - before).toBeLessThan(20 * MB);
    expect(parsed).toHaveLength(1_501);
  });
});
