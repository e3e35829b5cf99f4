import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import {
  coerceInputValue,
  GraphQLError,
  type GraphQLSchema,
  isInputType,
  Kind,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import type { GraphQLContext } from '../access/request.js';
import type { FieldProblem } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { DOCUMENT_LIMITS, MAX_PROBLEMS } from './document-limits.js';

/**
 * Checks the variables before execution does, because GraphQL.js puts their values into its messages:
 * `got invalid value { password: "…" }`. Ours name the paths, those of the first problems at once.
 */
export const variableValuesPlugin: ApolloServerPlugin<GraphQLContext> = {
  requestDidStart: async () => ({ didResolveOperation: async (context) => assertVariables(context) }),
};

type Tell = (problem: FieldProblem) => void;

function assertVariables(context: GraphQLRequestContextDidResolveOperation<GraphQLContext>): void {
  const { operation, request, schema } = context;
  const values = request.variables ?? {};
  const problems: FieldProblem[] = [];
  const tell: Tell = (problem) => {
    problems.push(problem);
    // Thrown through GraphQL.js too, which would look at each of the others.
    if (problems.length === MAX_PROBLEMS) throw unfit(problems, '; and perhaps more');
  };
  for (const definition of operation?.variableDefinitions ?? []) tellProblems(definition, values, schema, tell);
  if (problems.length > 0) throw unfit(problems);
}

function unfit(fields: readonly FieldProblem[], rest = ''): GraphQLError {
  return new GraphQLError(
    `Variables do not fit: ${fields.map(({ path, message }) => `${path} ${message}`).join('; ')}${rest}.`,
    {
      extensions: { code: ErrorCode.BAD_USER_INPUT, action: ErrorAction.FIX_INPUT, fields, http: { status: 400 } },
    },
  );
}

function tellProblems(
  { variable, type: typeNode, defaultValue }: VariableDefinitionNode,
  values: Record<string, unknown>,
  schema: GraphQLSchema,
  tell: Tell,
): void {
  const name = variable.name.value;
  const type = typeFromAST(schema, typeNode);
  const isAbsent = !Object.hasOwn(values, name);
  if (!isInputType(type) || (isAbsent && (defaultValue || typeNode.kind !== Kind.NON_NULL_TYPE))) return;
  const excess = excessOf(values[name]);
  if (excess) {
    tell({ path: name, message: excess });
    return;
  }
  const onError = (path: readonly (string | number)[], value: unknown, { message }: GraphQLError) =>
    tell(problemOf([name, ...path], value, message));
  // Suggestions are not told, so they are not searched for.
  coerceInputValue(values[name], type, onError, true);
}

function problemOf(path: readonly (string | number)[], value: unknown, graphqlMessage: string): FieldProblem {
  // A missing field is named by the schema, so its name may be told. An unknown one is named by the client.
  const missing = /^Field "(\w+)" of required type/.exec(graphqlMessage)?.[1];
  if (missing) return { path: [...path, missing].join('.'), message: 'is required' };
  const isUnknown = graphqlMessage.includes('is not defined by type');
  const isNothing = value === null || value === undefined;
  const expectation = isNothing ? 'is required' : 'has the wrong type';
  return { path: path.join('.'), message: isUnknown ? 'has a field that its type does not define' : expectation };
}

/** What is too long in a parsed JSON value. Without recursion, because its sender may have nested it thousands deep. */
function excessOf(value: unknown): string | undefined {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string' && next.length > DOCUMENT_LIMITS.stringLength)
      return `holds a text of more than ${DOCUMENT_LIMITS.stringLength} characters`;
    if (Array.isArray(next) && next.length > DOCUMENT_LIMITS.listLength)
      return `holds a list of more than ${DOCUMENT_LIMITS.listLength} elements`;
    if (typeof next !== 'object' || next === null) continue;
    const values: unknown[] = Object.values(next);
    if (!Array.isArray(next) && values.length > DOCUMENT_LIMITS.listLength)
      return `holds an object of more than ${DOCUMENT_LIMITS.listLength} fields`;
    open.push(...values);
  }
  return undefined;
}
