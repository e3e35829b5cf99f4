import { parse } from 'graphql';
import { MAX_TOKENS } from '../../src/graphql/document-limits.js';
import { DocumentStore } from '../../src/graphql/document-store.js';
import { heapUsed } from '../support/heap.js';

const MB = 2 ** 20;

/** Documents that keep the most in memory, for what they are: by their text, their tokens, their nodes, their values. */
const DEAREST: Record<string, (index: number) => string> = {
  'a comment of 97 kB': (index) => `{ a${index} } #${'x'.repeat(97_000)}`,
  'a comment of two bytes a character': (index) => `{ a${index} } #\u0101${'x'.repeat(97_000)}`,
  'a comment that is just short enough': (index) => `{ a${index} } #\u0101${'x'.repeat(18_000)}`,
  '48,000 comments': (index) => `{ a${index} } ${'#\n'.repeat(48_000)}`,
  '1,200 comments': (index) => `{ a${index} } ${'#\n'.repeat(1_200)}`,
  '990 fields': (index) => `{ a${index} ${'a '.repeat(990)} }`,
  'fields with long names': (index) => `{ a${index} ${'abcdefghijklmnopqrst '.repeat(900)} }`,
  '300 fields inside each other': (index) => `{ a${index} ${'a{'.repeat(300)}a${'}'.repeat(300)} }`,
  '300 directives': (index) => `{ a${index} ${'a@a '.repeat(300)} }`,
  '980 values': (index) => `{ a${index}(a: [${'1 '.repeat(980)}]) }`,
  'a text of escapes': (index) => `{ a${index}(a: "${'\\n\u0101'.repeat(5_000)}") }`,
};

describe('the store of documents', () => {
  it.each(Object.entries(DEAREST))('holds some tens of megabytes, however many come with %s', async (_, text) => {
    const store = new DocumentStore();
    const before = heapUsed();
    for (let index = 0; index < 400; index++) {
      await store.set(String(index), parse(text(index), { maxLexicalTokens: MAX_TOKENS }));
    }
    expect(heapUsed() - before).toBeLessThan(40 * MB);
    // Keeps the store until here.
    expect(await store.get('none')).toBeUndefined();
  });

  it('keeps hundreds of ordinary documents, and one of 5,000 characters', async () => {
    const store = new DocumentStore();
    const text = (index: number) =>
      `query Q${index}($first: Int) { users(first: $first) { edges { node { id email name createdAt roles { name } } } } }`;
    const documents = Array.from({ length: 300 }, (_, index) => parse(text(index)));
    const long = parse(`{ ${'  publicDirectory { id displayName }\n'.repeat(130)} }`, { maxLexicalTokens: MAX_TOKENS });
    for (const [index, document] of documents.entries()) await store.set(String(index), document);
    await store.set('long', long);
    for (const [index, document] of documents.entries()) expect(await store.get(String(index))).toBe(document);
    expect(await store.get('long')).toBe(long);
    expect(await store.delete('long')).toBe(true);
    expect(await store.get('long')).toBeUndefined();
  });
});
