import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLField,
} from 'graphql';

/** One place of the API that takes text: a document with one variable for it, and all the others filled in well. */
export interface StringArgument {
  /** Such as `login.input.email`. */
  readonly place: string;
  /** Only who administers gets as far as to have it looked at. */
  readonly isAdministration: boolean;
  readonly documentWith: (value: string) => { query: string; variables: Record<string, unknown> };
}

const TEXT_TYPES = ['String', 'ID'];

/** Every argument and input field of type String or ID of every root field, from the schema, also those to come. */
export function stringArguments(schema: GraphQLSchema, leaveOut: readonly string[]): StringArgument[] {
  const roots = [schema.getQueryType(), schema.getMutationType()].filter(isObjectType);
  return roots.flatMap((root) =>
    Object.values(root.getFields())
      .filter(({ name }) => !leaveOut.includes(name))
      .flatMap((field) => argumentsOf(root.name.toLowerCase(), field)),
  );
}

function argumentsOf(kind: string, field: GraphQLField<unknown, unknown>): StringArgument[] {
  const query = (name: string, type: GraphQLInputType) =>
    `${kind} ($${name}: ${String(type)}) { ${field.name}(${name}: $${name})${selectionOf(field)} }`;
  const isAdministration = field.astNode?.directives?.some(({ arguments: given }) => (given ?? []).length > 0) ?? false;
  return field.args.flatMap(({ name, type }): StringArgument[] => {
    const bare = isNonNullType(type) ? type.ofType : type;
    const place = `${field.name}.${name}`;
    if (!isInputObjectType(bare)) {
      const isText = TEXT_TYPES.includes(String(bare));
      return isText
        ? [
            {
              place,
              isAdministration,
              documentWith: (value) => ({ query: query(name, type), variables: { [name]: value } }),
            },
          ]
        : [];
    }
    const fields = Object.values(bare.getFields()).filter((it) => TEXT_TYPES.includes(getNamedType(it.type).name));
    return fields.map((it) => ({
      place: `${place}.${it.name}`,
      isAdministration,
      documentWith: (value) => ({
        query: query(name, type),
        variables: { [name]: { ...fillingOf(fields.map((other) => other.name)), [it.name]: value } },
      }),
    }));
  });
}

const FILLING: Record<string, () => string> = {
  email: () => `filled-${crypto.randomUUID()}@example.com`,
  password: () => 'correct horse battery staple',
};

/** What the other fields hold, so that the one in question is what is refused. */
const fillingOf = (names: string[]) =>
  Object.fromEntries(names.flatMap((name) => (FILLING[name] ? [[name, FILLING[name]()]] : [])));

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return '';
  if (isUnionType(type)) return ' { __typename ... on AuthPayload { user { name email } } }';
  return ' { __typename }';
}
