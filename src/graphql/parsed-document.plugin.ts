import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, type Token, TokenKind } from 'graphql';

const TEXTS: ReadonlySet<TokenKind> = new Set([TokenKind.STRING, TokenKind.BLOCK_STRING]);

/**
 * Makes a document small once it is parsed: it is there for as long as its request waits for the answer, or is kept
 * (`document-store.ts`). The parser keeps the chain of all its tokens, where a comment of two bytes takes 90, and puts texts together
 * so that each of their escapes takes 30.
 */
export const parsedDocumentPlugin: ApolloServerPlugin = {
  requestDidStart: async () => ({
    parsingDidStart: async (context) => async (): Promise<void> => makeSmall(context.document),
  }),
};

function makeSmall(document: DocumentNode | undefined): void {
  let kept = document?.loc?.startToken;
  for (let next: Token | null | undefined = kept?.next; kept && next; next = next.next) {
    // Nothing of ours reads comments.
    if (next.kind === TokenKind.COMMENT) continue;
    if (TEXTS.has(next.kind)) makeFlat(next.value);
    // Read-only by their types alone.
    Object.assign(kept, { next });
    Object.assign(next, { prev: kept });
    kept = next;
  }
}

/** What was looked at last. It is kept because V8 leaves out a look whose result nothing needs, once the code is hot. */
const seen = { last: 0 };

/** V8 keeps a text as the parts that it was put together of, until its letters are looked at. */
function makeFlat(text: string): void {
  seen.last = text.charCodeAt(0);
}
