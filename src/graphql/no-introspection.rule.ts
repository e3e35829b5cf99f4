import { GraphQLError, type ValidationContext, type ASTVisitor } from 'graphql';

/** Refuses `__schema` and `__type`; `__typename` stays, because every client library needs it. */
export function noIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field: (node) => {
      if (node.name.value !== '__schema' && node.name.value !== '__type') return;
      const message = 'Introspection is off on this server. Its schema is the file schema.gql of the release.';
      context.reportError(new GraphQLError(message, { nodes: [node] }));
    },
  };
}
