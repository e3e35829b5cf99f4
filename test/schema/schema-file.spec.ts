import { readFileSync } from 'node:fs';
import {
  astFromValue,
  buildSchema,
  type DirectiveNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isScalarType,
  isUnionType,
  print,
} from 'graphql';

const schema = buildSchema(readFileSync('schema.gql', 'utf8'));
const typesOf = (of: GraphQLSchema): GraphQLNamedType[] =>
  Object.values(of.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

describe('schema.gql', () => {
  it('holds every name of the core contract, with the same types, nullability, defaults and access rules', () => {
    const core = buildSchema(readFileSync('test/schema/core-contract.graphql', 'utf8'));
    const promised = typesOf(core).flatMap(lines);
    expect(promised.length).toBeGreaterThan(90);
    expect(typesOf(schema).flatMap(lines)).toEqual(expect.arrayContaining(promised));
    expect(schema.getDirective('auth')?.locations).toEqual(core.getDirective('auth')?.locations);
    expect(schema.getDirective('auth')?.args.map(argument).sort()).toEqual(
      core.getDirective('auth')?.args.map(argument).sort(),
    );
  });

  it('keeps the members of the unions of the core contract', () => {
    for (const name of ['SignupResult', 'LoginResult']) {
      expect(lines(schema.getType(name))).toEqual([`${name} | AuthPayload`, `${name} | EmailVerificationRequired`]);
    }
  });

  it('describes every type, field, argument, enum value and directive', () => {
    const ours = schema.getDirectives().filter(({ name }) => name === 'auth');
    // Nest gives its root types no description.
    const types = typesOf(schema).filter(({ name }) => !['Query', 'Mutation'].includes(name) && !isSpecified(name));
    const all = [
      ...ours.flatMap((directive) => [directive, ...directive.args]),
      ...types,
      ...typesOf(schema).flatMap(partsOf),
    ];
    expect(all.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
  });

  it('is sorted, so that a diff is a change', () => {
    const names = typesOf(buildSchema(readFileSync('schema.gql', 'utf8')))
      .map(({ name }) => name)
      .filter((name) => !isSpecified(name));
    expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, 'en')));
  });

  /** @see dotansimha/graphql-code-generator#8413 */
  it('specifies its scalars', () => {
    const scalars = typesOf(schema).filter((type) => isScalarType(type) && !isSpecified(type.name));
    expect(scalars).toMatchObject([
      {
        name: 'DateTime',
        specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
        description: expect.stringContaining('RFC 3339'),
      },
      { name: 'JSON', specifiedByURL: expect.stringContaining('ECMA-404') },
    ]);
  });

  /** @see maticzav/graphql-shield#97: a refusal of a non-null field would take its parent along. */
  it('has no restricted field that is not nullable, below the root', () => {
    const restricted = typesOf(schema)
      .filter((type) => isObjectType(type) && !['Query', 'Mutation'].includes(type.name))
      .flatMap(lines)
      .filter((line) => line.includes('@auth'));
    expect(restricted.length).toBeGreaterThanOrEqual(5);
    expect(restricted.filter((line) => line.includes('! @auth'))).toEqual([]);
  });

  /** @see strapi/strapi#762, parse-community/parse-server#5889 */
  it('shows no password, hash, salt or secret, and tokens only in the answer of a sign-in', () => {
    const secret = /pass(word)?$|hash|salt|secret|token(?!Type|Transports)|version|counter/i;
    const shown = typesOf(schema)
      .filter(isObjectType)
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`))
      .filter((coordinate) => secret.test(coordinate.split('.')[1] ?? ''));
    // The two mutations take passwords, and answer true.
    expect(shown).toEqual([
      'AuthPayload.accessToken',
      'AuthPayload.refreshToken',
      'Mutation.changePassword',
      'Mutation.resetPassword',
      'ServerInfo.version',
    ]);
  });

  /** @see wp-graphql/wp-graphql#751, glific/glific#3066 */
  it('takes nothing in a public input that only an operator may set', () => {
    const inputs = ['SignupInput', 'LoginInput', 'RefreshInput', 'LogoutInput', 'UpdateProfileInput'];
    const fields = inputs.flatMap((name) => {
      const type = schema.getType(name);
      return isInputObjectType(type) ? Object.keys(type.getFields()) : [];
    });
    expect([...new Set(fields)].sort()).toEqual([
      'email',
      'everywhere',
      'locale',
      'name',
      'password',
      'refreshToken',
      'transport',
    ]);
  });
});

const isSpecified = (name: string): boolean => ['Boolean', 'Float', 'ID', 'Int', 'String'].includes(name);

function partsOf(type: GraphQLNamedType): { name: string; description?: string | null | undefined }[] {
  if (isEnumType(type)) return [...type.getValues()];
  if (isInputObjectType(type)) return Object.values(type.getFields());
  if (isObjectType(type)) return Object.values(type.getFields()).flatMap((field) => [field, ...field.args]);
  return [];
}

/** One line for everything that a client can rely on. */
function lines(type: GraphQLNamedType | undefined): string[] {
  if (isEnumType(type)) return type.getValues().map(({ name }) => `${type.name} = ${name}`);
  if (isUnionType(type)) return type.getTypes().map(({ name }) => `${type.name} | ${name}`);
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => `${type.name}.${argument(field)}`);
  if (isObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) => outputs(field).map((line) => `${type.name}.${line}`));
  }
  return type ? [type.name] : [];
}

/** The field, each of its arguments, and which of them have to be there: another that may be left out breaks nobody. */
function outputs({ name, args, type, astNode }: GraphQLField<unknown, unknown>): string[] {
  const rules = (astNode?.directives ?? []).map((directive: DirectiveNode) => ` ${print(directive)}`).join('');
  const required = args.filter(isRequiredArgument).map((it) => it.name);
  return [
    `${name} needs ${required.sort().join()}`,
    ...args.map((it) => `${name}(${argument(it)})`),
    `${name}: ${String(type)}${rules}`,
  ];
}

function argument({ name, type, defaultValue }: GraphQLArgument | GraphQLInputField): string {
  const value = defaultValue === undefined ? undefined : astFromValue(defaultValue, type);
  return `${name}: ${String(type)}${value ? ` = ${print(value)}` : ''}`;
}
