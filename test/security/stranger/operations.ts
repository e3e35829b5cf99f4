import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isUnionType,
} from 'graphql';

/** An operation that takes nothing of the caller but an input, and perhaps a session. */
export interface Operation {
  readonly name: string;
  /** Open to everybody. The others are open to every user. */
  readonly isPublic: boolean;
  /** Whether its input names the address of an account. */
  readonly namesAddress: boolean;
  readonly document: string;
  readonly variablesOf: (fill: Fill) => Record<string, unknown>;
}

/** The text for an argument or input field, by its name. */
type Fill = (name: string, operation: string) => string | boolean;

/**
 * Of the schema, also those to come: the root fields without `@auth`, and the mutations with an `@auth` that asks for
 * nothing but a session.
 */
export function operationsOf(schema: GraphQLSchema): Operation[] {
  return [schema.getQueryType(), schema.getMutationType()].filter(isObjectType).flatMap((root) => {
    const kind = root.name.toLowerCase();
    return Object.values(root.getFields()).flatMap((field) => {
      const rule = field.astNode?.directives?.find(({ name }) => name.value === 'auth');
      const isForUsers = kind === 'mutation' && rule !== undefined && (rule.arguments ?? []).length === 0;
      return rule === undefined || isForUsers ? [operationOf(kind, field, rule === undefined)] : [];
    });
  });
}

function operationOf(kind: string, field: GraphQLField<unknown, unknown>, isPublic: boolean): Operation {
  const { name, args } = field;
  const declared = args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
  const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const call = args.length > 0 ? `(${declared}) { ${name}(${passed})` : ` { ${name}`;
  return {
    name,
    isPublic,
    namesAddress: args.some((arg) => arg.name === 'email' || 'email' in fieldsOf(arg.type)),
    document: `${kind} ${call}${selectionOf(field)} }`,
    variablesOf: (fill) => Object.fromEntries(args.map((arg) => [arg.name, valueOf(arg.name, arg.type, name, fill)])),
  };
}

function fieldsOf(type: GraphQLInputType) {
  const named = getNamedType(type);
  return isInputObjectType(named) ? named.getFields() : {};
}

function valueOf(name: string, type: GraphQLInputType, operation: string, fill: Fill): unknown {
  const bare = getNullableType(type);
  if (isInputObjectType(bare)) {
    return Object.fromEntries(
      Object.values(bare.getFields()).map((field) => [field.name, valueOf(field.name, field.type, operation, fill)]),
    );
  }
  // The first value of an enumeration is its default.
  return isEnumType(bare) ? bare.getValues()[0]?.name : fill(name, operation);
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return '';
  const isPayload = isUnionType(type) || type.name === 'AuthPayload';
  return isPayload ? ' { __typename ... on AuthPayload { accessToken refreshToken } }' : ' { __typename }';
}
