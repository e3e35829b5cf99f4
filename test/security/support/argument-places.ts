import {
  astFromValue,
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLSchema,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isObjectType,
  print,
} from 'graphql';

/** What stands where a value is not the one in question: by the name of the argument or field. */
export type Filling = Readonly<Record<string, () => unknown>>;

/** One place of the API that takes a value, of whatever type. */
export interface ArgumentPlace {
  /** Such as `login.input.email`. */
  readonly place: string;
  readonly operation: string;
  /** The name of its type, such as `ID`. */
  readonly type: string;
  readonly isPublic: boolean;
  /** A request whose value in this place is the text of a JSON value. All that is required besides is filled in well. */
  readonly bodyWith: (json: string, filling: Filling) => string;
  /** The same with a text that stands in the document itself. */
  readonly literalWith: (text: string, filling: Filling) => string;
}

type Input = GraphQLArgument | GraphQLInputField;
type Path = readonly [Input, ...Input[]];

const PLACEHOLDER = 'the value in question';

/** Every argument and every input field of every root field, from the schema, also those to come. */
export function argumentPlaces(schema: GraphQLSchema): ArgumentPlace[] {
  return [schema.getQueryType(), schema.getMutationType()]
    .filter(isObjectType)
    .flatMap((root) =>
      Object.values(root.getFields()).flatMap((field) =>
        field.args.flatMap((arg) => pathsFrom(arg)).map((path) => placeOf(root.name.toLowerCase(), field, path)),
      ),
    );
}

function pathsFrom(input: Input): Path[] {
  const type = getNamedType(input.type);
  const below = isInputObjectType(type) ? Object.values(type.getFields()).flatMap(pathsFrom) : [];
  return [[input], ...below.map((path): Path => [input, ...path])];
}

function placeOf(kind: string, field: GraphQLField<unknown, unknown>, path: Path): ArgumentPlace {
  const argumentsWith = (filling: Filling) =>
    field.args
      .filter((arg) => arg === path[0] || isRequired(arg))
      .map((arg) => [arg, arg === path[0] ? valueAt(path, filling) : fillingOf(arg, filling)] as const);
  const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
  return {
    place: [field.name, ...path.map(({ name }) => name)].join('.'),
    operation: field.name,
    type: getNamedType((path.at(-1) ?? path[0]).type).name,
    isPublic: !field.astNode?.directives?.length,
    bodyWith: (json, filling) => {
      const given = argumentsWith(filling);
      const declared = given.map(([{ name, type }]) => `$${name}: ${String(type)}`).join(', ');
      const passed = given.map(([{ name }]) => `${name}: $${name}`).join(', ');
      const query = `${kind} (${declared}) { ${field.name}(${passed})${selection} }`;
      const variables = Object.fromEntries(given.map(([{ name }, value]) => [name, value]));
      return JSON.stringify({ query, variables }).replace(JSON.stringify(PLACEHOLDER), () => json);
    },
    literalWith: (text, filling) => {
      const passed = argumentsWith(filling).map(([{ name, type }, value]) => `${name}: ${literal(value, type)}`);
      const query = `${kind} { ${field.name}(${passed.join(', ')})${selection} }`;
      return JSON.stringify({ query: query.replace(JSON.stringify(PLACEHOLDER), () => JSON.stringify(text)) });
    },
  };
}

/** Written as what it is, and never as what the type in this place would make of it. */
function literal(value: unknown, type: Input['type']): string {
  if (value === PLACEHOLDER) return JSON.stringify(PLACEHOLDER);
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    const fields = Object.entries(value as Record<string, unknown>).map(([name, inner]) => {
      const field = named.getFields()[name];
      return field ? `${name}: ${literal(inner, field.type)}` : '';
    });
    return `{ ${fields.join(', ')} }`;
  }
  const ast = astFromValue(value, type);
  return ast ? print(ast) : 'null';
}

const isRequired = ({ type, defaultValue }: Input) => isNonNullType(type) && defaultValue === undefined;

/** The value of the first of the path: with the value in question at its end, and what is required beside the way to it. */
function valueAt([input, next, ...rest]: readonly [Input, ...Input[]], filling: Filling): unknown {
  const type = getNamedType(input.type);
  if (!next || !isInputObjectType(type)) return PLACEHOLDER;
  const others = Object.values(type.getFields()).filter((it) => it !== next && isRequired(it));
  const filled = others.map((it) => [it.name, fillingOf(it, filling)] as const);
  return { ...Object.fromEntries(filled), [next.name]: valueAt([next, ...rest], filling) };
}

function fillingOf({ name, type }: Input, filling: Filling): unknown {
  const known = filling[name];
  if (known) return known();
  const bare = getNullableType(type);
  if (!isInputObjectType(bare)) throw new Error(`Nothing to fill ${name} with`);
  const required = Object.values(bare.getFields()).filter(isRequired);
  return Object.fromEntries(required.map((it) => [it.name, fillingOf(it, filling)]));
}
