import type { ApolloServerPlugin } from '@apollo/server';
import { MAX_ERRORS } from './document-limits.js';

/** Sends the first errors of an answer and no more. The audit trail and the metrics have seen all of them. */
export const errorCapPlugin: ApolloServerPlugin = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body } }) => {
      const result = body.kind === 'single' ? body.singleResult : body.initialResult;
      if (result.errors && result.errors.length > MAX_ERRORS) result.errors = result.errors.slice(0, MAX_ERRORS);
    },
  }),
};
