import type { ApolloServerPlugin } from '@apollo/server';

/**
 * Gives a document that came by GET a text of its own. What V8 cuts out of a URL keeps the whole URL in memory, and so would every document that
 * is kept (`document-store.ts`).
 */
export const ownTextPlugin: ApolloServerPlugin = {
  async requestDidStart({ request }): Promise<void> {
    if (request.http?.method === 'GET' && request.query) request.query = Buffer.from(request.query).toString();
  },
};
