import fc, { type Arbitrary } from 'fast-check';
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';

export interface Operation {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

/** Text that has a place for each of its variables and fragments, in the order in which they stand. */
interface Piece {
  text: string;
  variables: { type: string; value: unknown }[];
  fragments: { type: string; body: Piece }[];
}

const VARIABLE = '\u{e000}';
const FRAGMENT = '\u{e001}';
const MAX_DEPTH = 5;

const plain = (text: string): Piece => ({ text, variables: [], fragments: [] });

function join(pieces: readonly Piece[], between = ' '): Piece {
  return {
    text: pieces.map(({ text }) => text).join(between),
    variables: pieces.flatMap(({ variables }) => variables),
    fragments: pieces.flatMap(({ fragments }) => fragments),
  };
}

const around = (before: string, piece: Piece, after: string): Piece => ({
  ...piece,
  text: before + piece.text + after,
});

const HOSTILE = [
  ...[
    '',
    ' ',
    '\0',
    '\n',
    '\u2028',
    '\ud800',
    '💥',
    '%s',
    '${7*7}',
    '{{7*7}}',
    "' OR 1=1 --",
    '"; DROP TABLE users; --',
  ],
  ...[
    '__proto__',
    'constructor',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    'x'.repeat(2000),
    'lkr_AAAA',
    'null',
  ],
  ...['nobody@example.com', 'correct horse battery staple', '01890000-0000-7000-8000-000000000000', 'admin'],
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.uuid().map((id) => `${id}@example.com`),
);

/** Where text is expected, anything else that JSON has. */
const wrongJson = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 3.5, [], {}, [[]], { $ne: null }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

const wrongLiteral = fc.constantFrom(
  ...['null', 'true', '0', '-1', '999999999999', '1.5', 'BODY', '[]', '{}', '["x"]', '{ a: 1 }', '$nowhere', 'NONE'],
);

/** How a document for a schema is made, valid or with the mistakes that somebody would try. */
class Maker {
  private readonly selections = new Map<string, Arbitrary<Piece>>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly leaveOut: readonly string[],
    private readonly isHostile: boolean,
  ) {}

  operation(): Arbitrary<{ kind: string; body: Piece }> {
    const roots = [this.schema.getQueryType(), this.schema.getMutationType()].filter(isObjectType);
    return fc
      .constantFrom(...roots)
      .chain((type) => this.selection(type, 0).map((body) => ({ kind: type.name.toLowerCase(), body })));
  }

  private selection(type: GraphQLNamedType, depth: number): Arbitrary<Piece> {
    const key = `${type.name} ${String(depth)}`;
    let known = this.selections.get(key);
    if (!known) {
      known = this.makeSelection(type, depth);
      this.selections.set(key, known);
    }
    return known;
  }

  private makeSelection(type: GraphQLNamedType, depth: number): Arbitrary<Piece> {
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const offered = fields.filter(({ name }) => !this.leaveOut.includes(name));
    const choices = depth > MAX_DEPTH ? offered.filter((it) => isLeafType(getNamedType(it.type))) : offered;
    const members = isUnionType(type) ? [...type.getTypes()] : [];
    const item = fc.oneof(
      ...choices.map((field) => ({ weight: 8, arbitrary: this.field(field, depth) })),
      ...members.map((member) => ({
        weight: 8,
        arbitrary: this.selection(member, depth).map((body) => around(`... on ${member.name} `, body, '')),
      })),
      { weight: 3, arbitrary: fc.constant(plain('__typename')) },
      ...(this.isHostile ? [{ weight: 1, arbitrary: fc.constantFrom(...HOSTILE_SELECTIONS).map(plain) }] : []),
    );
    // More than one credential operation is refused, so a mutation asks for one thing most of the time.
    const maxLength = type === this.schema.getMutationType() ? 2 : 4;
    return fc.array(item, { minLength: 1, maxLength }).chain((items) => wrapped(type, around('{ ', join(items), ' }')));
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): Arbitrary<Piece> {
    const type = getNamedType(field.type);
    const below = isLeafType(type) ? fc.constant(plain('')) : this.selection(type, depth + 1);
    const parts = fc.tuple(fc.nat({ max: this.isHostile ? 3 : 9999 }), this.args(field.args), this.directive(), below);
    // Two selections of one name must agree, and seldom would by chance: so each has a name of its own.
    return parts.map(([alias, args, directive, inner]) =>
      join([around(`a${String(alias)}_${field.name}: ${field.name}`, args, ''), directive, inner]),
    );
  }

  private directive(): Arbitrary<Piece> {
    const wrong = ['@skip(if: "x")', '@defer', '@auth', '@include'];
    const choices = ['@include(if: true)', '@skip(if: false)', '@include(if: false)', ...(this.isHostile ? wrong : [])];
    return rarely(8, fc.constantFrom(...choices)).map((it) => plain(it ?? ''));
  }

  private args(args: readonly GraphQLArgument[]): Arbitrary<Piece> {
    const given = args.map((argument) => this.entry(argument));
    return fc.tuple(...given, this.extra('token')).map((entries) => {
      const list = join(entries.flat(), ', ');
      return list.text === '' ? list : around('(', list, ')');
    });
  }

  private value(type: GraphQLInputType): Arbitrary<Piece> {
    const asVariable = (arbitrary: Arbitrary<unknown>) =>
      arbitrary.map((value): Piece => ({ text: VARIABLE, variables: [{ type: String(type), value }], fragments: [] }));
    const right = jsonOf(type);
    return fc.oneof(
      { weight: 6, arbitrary: this.literal(type) },
      { weight: 4, arbitrary: asVariable(right) },
      ...(this.isHostile ? [{ weight: 1, arbitrary: asVariable(wrongJson) }] : []),
      ...(this.isHostile ? [{ weight: 1, arbitrary: wrongLiteral.map(plain) }] : []),
    );
  }

  private literal(type: GraphQLInputType): Arbitrary<Piece> {
    const bare = isNonNullType(type) ? type.ofType : type;
    if (!isInputObjectType(bare)) return jsonOf(type).map((value) => plain(literalOf(value, isEnumType(bare))));
    const fields = Object.values(bare.getFields()).map((field) => this.entry(field));
    return fc.tuple(...fields, this.extra('isAdmin')).map((given) => around('{ ', join(given.flat(), ', '), ' }'));
  }

  /** An argument or input field with its value; one that is needed is left out by the hostile alone. */
  private entry({ name, type }: { name: string; type: GraphQLInputType }): Arbitrary<Piece[]> {
    const entry = this.value(type).map((value) => [around(`${name}: `, value, '')]);
    const isNeeded = isNonNullType(type) && !this.isHostile;
    // One in six stays away.
    return isNeeded ? entry : fc.option(entry, { freq: 6 }).map((it) => it ?? []);
  }

  /** An argument that the schema does not have. */
  private extra(name: string): Arbitrary<Piece[]> {
    const extra = wrongLiteral.map((value) => [plain(`${name}: ${value}`)]);
    return this.isHostile ? rarely(12, extra).map((it) => it ?? []) : fc.constant([]);
  }
}

const HOSTILE_SELECTIONS = [
  ...['unknown', 'passwordHash', '__schema { types { name } }', '__type(name: "User") { name }'],
  ...['... @skip(if: true) { id }', '...Nowhere', '... on Nothing { id }'],
];

/** The selection as it is, or in a fragment of either kind. */
function wrapped(type: GraphQLNamedType, body: Piece): Arbitrary<Piece> {
  const named: Piece = { text: `{ ...${FRAGMENT} }`, variables: [], fragments: [{ type: type.name, body }] };
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(body) },
    { weight: 1, arbitrary: fc.constant(named) },
    { weight: 1, arbitrary: fc.constant(around(`{ ... on ${type.name} `, body, ' }')) },
  );
}

/** A value of the type, as it would be in the variables. */
function jsonOf(type: GraphQLInputType): Arbitrary<unknown> {
  if (isNonNullType(type)) return jsonOf(type.ofType);
  if (isListType(type)) return fc.array(jsonOf(type.ofType), { maxLength: 3 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (type.name === 'Boolean') return fc.boolean();
  if (type.name === 'Int' || type.name === 'Float') return fc.integer({ min: -3, max: 200 });
  if (!isInputObjectType(type)) return text;
  const fields = Object.values(type.getFields()).map(({ name, type: inner }) => [name, jsonOf(inner)] as const);
  return fc.record(Object.fromEntries(fields));
}

const literalOf = (value: unknown, isEnum: boolean): string =>
  isEnum ? String(value) : JSON.stringify(value).replaceAll('\u2028', ' ');

/**
 * Documents for a schema: most are valid, the others wrong in the ways in which somebody would try. An alias ends in the
 * name of its field (`a1_lastLoginAt`), so that an answer can be judged without its document.
 */
export function operationsOf(schema: GraphQLSchema, leaveOut: readonly string[]): Arbitrary<Operation> {
  const valid = new Maker(schema, leaveOut, false).operation();
  const hostile = new Maker(schema, leaveOut, true).operation();
  const operations = fc.oneof(
    { weight: 5, arbitrary: fc.array(valid, { minLength: 1, maxLength: 2 }) },
    { weight: 3, arbitrary: fc.array(hostile, { minLength: 1, maxLength: 2 }) },
  );
  const chosen = fc.oneof(
    { weight: 9, arbitrary: fc.constant('Op0') },
    { weight: 1, arbitrary: fc.constantFrom('Op1', 'Op9') },
  );
  const extra = rarely(20, extraVariables);
  return fc.tuple(operations, chosen, extra).map(([made, operationName, more]) => {
    const { query, variables } = render(made);
    return { query, variables: { ...variables, ...more }, ...(made.length > 1 && { operationName }) };
  });
}

const extraVariables = fc.constantFrom<Record<string, unknown>>(
  JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
  { constructor: { prototype: { polluted: true } } },
  { unused: 'x' },
);

/** Once in `times`, undefined otherwise. */
function rarely<T>(times: number, arbitrary: Arbitrary<T>): Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** Numbers the variables and fragments, and writes their definitions. */
function render(operations: { kind: string; body: Piece }[]): { query: string; variables: Record<string, unknown> } {
  const variables: Record<string, unknown> = {};
  const definitions: string[] = [];
  let count = 0;
  const fill = (piece: Piece, declared: string[]): string => {
    const own = piece.variables.map(({ type, value }) => {
      const name = `v${String(count++)}`;
      variables[name] = value;
      declared.push(`$${name}: ${type}`);
      return name;
    });
    const spread = piece.fragments.map(({ type, body }) => {
      const name = `F${String(count++)}`;
      definitions.push(`fragment ${name} on ${type} ${fill(body, declared)}`);
      return name;
    });
    return piece.text
      .replaceAll(VARIABLE, () => `$${own.shift() ?? 'lost'}`)
      .replaceAll(FRAGMENT, () => spread.shift() ?? 'Lost');
  };
  const texts = operations.map(({ kind, body }, index) => {
    const declared: string[] = [];
    const selection = fill(body, declared);
    return `${kind} Op${String(index)}${declared.length > 0 ? `(${declared.join(', ')})` : ''} ${selection}`;
  });
  return { query: [...texts, ...definitions].join('\n'), variables };
}
