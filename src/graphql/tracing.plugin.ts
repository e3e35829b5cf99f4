import type { ApolloServerPlugin } from '@apollo/server';
import { trace } from '@opentelemetry/api';

/** A span for the execution of a document, named after its kind alone: its own name is the client's choice. */
export const tracingPlugin: ApolloServerPlugin = {
  requestDidStart: async () => ({
    executionDidStart: async ({ operation }) => {
      const attributes = { 'graphql.operation.type': operation.operation };
      const span = trace.getTracer('latchkey').startSpan(`GraphQL ${operation.operation}`, { attributes });
      return { executionDidEnd: async () => span.end() };
    },
  }),
};
