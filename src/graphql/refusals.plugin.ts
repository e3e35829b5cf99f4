import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import type { GraphQLError } from 'graphql';
import { Kind } from 'graphql';
import type { GraphQLContext } from '../access/request.js';
import { ErrorCode } from '../common/error-codes.js';
import { publicErrorOf } from './public-error.js';
import type { RefusalTrail } from './refusal-trail.js';

/** Hands every refusal of a document to the trail: once for each field and reason, however often it is asked for. */
export function refusalsPlugin(trail: RefusalTrail): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: async () => ({
      didEncounterErrors: async ({ errors, contextValue: { req } }) => {
        const seen = new Set<string>();
        for (const error of errors) {
          const { code, limit } = error.extensions;
          if (code === ErrorCode.GRAPHQL_VALIDATION_FAILED && typeof limit === 'string')
            await trail.documentRefused(limit, req);
          const refusal = publicErrorOf(unwrapResolverError(error));
          const field = fieldOf(error);
          const decision = [refusal.code, refusal.reason, field].join();
          if (!seen.has(decision)) await trail.refused(refusal, field, req);
          seen.add(decision);
        }
      },
    }),
  };
}

/** The name in the schema. The path would hold aliases, which the client chooses. */
function fieldOf({ nodes }: GraphQLError): string {
  const node = nodes?.[0];
  return node?.kind === Kind.FIELD ? node.name.value : '';
}
