import type { ApolloServerPlugin } from '@apollo/server';

/** Fields of a body that mean something once the operation is known. */
const USED = ['query', 'operationName', 'variables'];

/**
 * Drops what came with an operation that does not use it: variables that it does not declare, extensions, and other fields of the body. Apollo
 * and Express would keep them until the answer, for which a request may have to wait. Each of them holds the same objects, so they are emptied.
 */
export const unusedInputPlugin: ApolloServerPlugin = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation, request }): Promise<void> => {
      const declared = operation?.variableDefinitions?.map(({ variable }) => variable.name.value);
      keepOnly(declared ?? [], request.variables);
      keepOnly([], request.extensions);
      keepOnly(USED, request.http?.body);
    },
  }),
};

function keepOnly(names: readonly string[], value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const name of Object.keys(value)) if (!names.includes(name)) Reflect.deleteProperty(value, name);
}
