import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql';

/** Refuses operations that the schema has no root type for. GraphQL.js would only notice while executing them. */
export function knownOperationTypes(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: (node) => {
      if (context.getSchema().getRootType(node.operation)) return;
      context.reportError(new GraphQLError(`The schema has no ${node.operation} type.`, { nodes: [node] }));
    },
  };
}
