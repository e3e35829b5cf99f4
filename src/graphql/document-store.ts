import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** What all documents that are kept may amount to, and one of them: the longest that a frontend sends is less. */
const MOST_BYTES = 32 * 2 ** 20;
const MOST_BYTES_OF_ONE = 640 * 2 ** 10;

/** A character is two bytes of the text, and 30 of a value, which the lexer puts together from escapes. */
const BYTES_PER_CHARACTER = 32;
/** A token with the nodes that begin there, measured: 90 to 510. */
const BYTES_PER_TOKEN = 512;

/**
 * The documents that were parsed and validated, so that one which comes again is not parsed again. Their size is what they keep
 * in memory, and not what JSON shows of them: a document has its text and a chain of all its tokens.
 */
export class DocumentStore implements NonNullable<ApolloServerOptions<BaseContext>['documentStore']> {
  private readonly documents = new LRUCache<string, DocumentNode>({
    maxSize: MOST_BYTES,
    maxEntrySize: MOST_BYTES_OF_ONE,
    sizeCalculation: bytesOf,
  });

  async get(key: string): Promise<DocumentNode | undefined> {
    return this.documents.get(key);
  }

  async set(key: string, document: DocumentNode): Promise<void> {
    this.documents.set(key, document);
  }

  async delete(key: string): Promise<boolean> {
    return this.documents.delete(key);
  }
}

/** At most what the document keeps in memory. One without its text, which the parser does not make, is not kept. */
function bytesOf({ loc }: DocumentNode): number {
  if (!loc) return Infinity;
  let bytes = loc.source.body.length * BYTES_PER_CHARACTER;
  for (let token = loc.startToken.next; token; token = token.next) bytes += BYTES_PER_TOKEN;
  return bytes;
}
