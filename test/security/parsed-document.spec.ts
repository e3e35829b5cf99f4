import type { GraphQLRequestContext, GraphQLRequestListener } from '@apollo/server';
import { type DocumentNode, parse } from 'graphql';
import { parsedDocumentPlugin } from '../../src/graphql/parsed-document.plugin.js';
import { heapUsed } from '../support/heap.js';

/** As Apollo calls it, without what it does not look at. */
async function parsed(text: string): Promise<DocumentNode> {
  const document = parse(text);
  const context = { document } as GraphQLRequestContext<object>;
  const listener = (await parsedDocumentPlugin.requestDidStart?.(context)) as GraphQLRequestListener<object>;
  const end = await listener.parsingDidStart?.(context as never);
  await end?.();
  return document;
}

const HOT = 30_000;
const KEPT = 100;
/** Each escape would be a part of 30 bytes. */
const ESCAPES = 7_900;

it('a text with escapes is kept as the text that it makes, however often the code has run before', async () => {
  for (let count = 0; count < HOT; count++) await parsed(`{ a(b: "\\n${count}") }`);
  const before = heapUsed();
  const documents: DocumentNode[] = [];
  while (documents.length < KEPT)
    documents.push(await parsed(`{ a(b: "${documents.length}${'\\n'.repeat(ESCAPES)}") }`));
  const each = (heapUsed() - before) / documents.length;
  // The text of the document, and the one that it makes.
  expect(each).toBeLessThan(2 * 3 * ESCAPES);
});
