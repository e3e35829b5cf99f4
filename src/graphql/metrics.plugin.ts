import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  type GraphQLFormattedError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ErrorCode } from '../common/error-codes.js';
import type { Metrics } from '../telemetry/metrics.js';

const FAULTS: ReadonlySet<unknown> = new Set([ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.SERVICE_UNAVAILABLE]);

/** Counts every root field by its code. A document that was refused as a whole is one, without a field. */
export function metricsPlugin({ operations, requestSeconds }: Metrics): ApolloServerPlugin {
  const count = (operation: string, error?: GraphQLFormattedError) => {
    const code = error ? String(error.extensions?.['code']) : 'OK';
    operations.inc({ operation, code, result: error ? (FAULTS.has(code) ? 'fault' : 'refused') : 'ok' });
  };
  // Apollo keeps the documents that clients send again and again.
  const known = new WeakMap<OperationDefinitionNode, Map<string, string>>();
  return {
    requestDidStart: async () => {
      const stopTimer = requestSeconds.startTimer();
      return {
        willSendResponse: async ({ document, operation, response: { body } }) => {
          stopTimer();
          const { errors = [], data } = body.kind === 'single' ? body.singleResult : body.initialResult;
          if (!document || !operation || data === undefined) {
            count('none', errors[0]);
            return;
          }
          let fields = known.get(operation);
          if (!fields) known.set(operation, (fields = rootFields(document, operation)));
          for (const [key, field] of fields) {
            count(
              field,
              errors.find((it) => it.path?.[0] === key),
            );
          }
        },
      };
    },
  };
}

/** The names in the schema by the keys in the answer. The document was validated: every fragment is there, and ends. */
function rootFields(document: DocumentNode, operation: OperationDefinitionNode): Map<string, string> {
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it.selectionSet]] : [],
    ),
  );
  const fieldsOf = (set?: SelectionSetNode): [string, string][] =>
    (set?.selections ?? []).flatMap((it) => {
      if (it.kind === Kind.FIELD) return [[it.alias?.value ?? it.name.value, it.name.value] as [string, string]];
      return fieldsOf(it.kind === Kind.INLINE_FRAGMENT ? it.selectionSet : fragments.get(it.name.value));
    });
  return new Map(fieldsOf(operation.selectionSet));
}
