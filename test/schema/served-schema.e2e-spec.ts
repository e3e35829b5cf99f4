import { readdirSync, readFileSync, statSync } from 'node:fs';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type IntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  lexicographicSortSchema,
  print,
  printSchema as printWithoutDirectives,
} from 'graphql';
import { decodeJwt } from 'jose';
import { printSchema } from '../../src/graphql/print-schema.js';
import { listBoundOf } from '../../src/paging/list-bound.js';
import { Role } from '../../src/roles/role.entity.js';
import { newEmail, PASSWORD, refreshed, signUp, signUpWithRoles } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const committed = readFileSync('schema.gql', 'utf8');
const schema = buildSchema(committed);

const schemaFiles = () => [
  ...['.', 'src'].flatMap((folder) => readdirSync(folder).filter((name) => /\.(gql|graphqls?)$/.test(name))),
  statSync('schema.gql').mtimeMs,
];

let server: TestServer;
let filesBefore: unknown[];
beforeAll(async () => {
  filesBefore = schemaFiles();
  server = await TestServer.start();
});
afterAll(() => server.stop());

describe('the schema that is served', () => {
  /** @see nestjs/graphql#993, dotansimha/graphql-code-generator#4919 */
  it(`is schema.gql, byte for byte (${testEngine})`, () => {
    expect(printSchema(server.app.get(GraphQLSchemaHost).schema)).toBe(committed);
  });

  /** @see nestjs/graphql#87, #136: a watcher would restart for ever. */
  it('is not written into a file by the start', () => {
    expect(schemaFiles()).toEqual(filesBefore);
  });

  it('can be introspected outside of production', async () => {
    expect(await introspected(server)).toBe(printWithoutDirectives(lexicographicSortSchema(schema)));
  });

  /** @see nestjs/graphql#2774: the key of an enum in the code is not what a client must send. */
  it('has enums whose keys are their values', () => {
    const enums = Object.values(server.app.get(GraphQLSchemaHost).schema.getTypeMap()).filter(isEnumType);
    const ours = enums.filter(({ name }) => !name.startsWith('__'));
    expect(ours.map(({ name }) => name).sort()).toEqual([
      'AccessDecision',
      'ErrorAction',
      'ErrorCode',
      'ErrorReason',
      'SigningKeyState',
      'TokenTransport',
      'UserOrder',
    ]);
    for (const value of ours.flatMap((type) => type.getValues())) expect(value.value).toBe(value.name);
  });

  /** What nothing bounds, one document can ask for until the memory is full. */
  it('says of every list how long it can be: by its field, by its page, or by the values of an enum', () => {
    const served = server.app.get(GraphQLSchemaHost).schema;
    const lists = fieldsIn(served).filter(({ field }) => isListType(getNullableType(field.type)));
    expect(lists.length).toBeGreaterThan(10);
    const unbounded = lists.filter(
      ({ type, field }) =>
        listBoundOf(field, server.env) === undefined &&
        !isPaged(field) &&
        !isPageOnly(type, served) &&
        !isEnumType(getNamedType(field.type)),
    );
    expect(unbounded.map(({ type, field }) => `${type.name}.${field.name}`)).toEqual([]);
  });

  it.each(['cookie', 'Cookie', '', 1, null])('takes no other spelling of an enum value: %j', async (transport) => {
    const query =
      'mutation ($transport: TokenTransport!) { login(input: { email: "a@b.example", password: "x", transport: $transport }) { __typename } }';
    const answer = await server.call(query, { transport });
    expect([answer.status, refusalOf(answer), answer.errors[0]?.extensions.fields]).toEqual([
      400,
      'BAD_USER_INPUT',
      [{ path: 'transport', message: expect.any(String) }],
    ]);
  });

  it('prints the default that an absent argument has', async () => {
    expect(committed).toContain('transport: TokenTransport = BODY');
    const query = 'mutation ($input: SignupInput!) { signup(input: $input) { ... on AuthPayload { accessToken } } }';
    const { data } = await server.call(query, { input: { email: newEmail(), password: PASSWORD } });
    expect(data).toEqual({ signup: { accessToken: expect.any(String) } });
  });

  it('writes every moment as RFC 3339 in UTC, with milliseconds and Z', async () => {
    const { accessToken } = await signUp(server);
    const query = '{ me { createdAt } mySessions { createdAt lastActiveAt expiresAt } serverInfo { serverTime } }';
    const { text } = await server.call(query, {}, { token: accessToken });
    const moments = [...text.matchAll(/"\w+(?:At|Time)":"([^"]*)"/g)].map(([, moment]) => moment);
    expect(moments).toEqual(
      Array.from({ length: 5 }, () => expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)),
    );
  });

  it('spells a role the same in row, token, answer and claim', async () => {
    const { accessToken, refreshToken } = await signUpWithRoles(server, 'admin');
    const rows = (await server.em().findAll(Role, { orderBy: { name: 'asc' } })).map(({ name }) => name);
    const { data } = await server.call('{ me { roles } }', {}, { token: accessToken });
    expect(data).toEqual({ me: { roles: rows } });
    expect(decodeJwt(accessToken)['roles']).toEqual(rows);
    expect(decodeJwt((await refreshed(server, refreshToken)).accessToken)['roles']).toEqual(rows);
  });
});

/** What `@auth` says in schema.gql is what happens. The rules of every role are in the access matrix. */
describe('@auth in schema.gql', () => {
  const rootFields = [
    ...fieldsOf('Query').map((field) => ['query', field] as const),
    ...fieldsOf('Mutation').map((field) => ['mutation', field] as const),
  ];

  it.each(rootFields.map(([kind, field]) => [field.name, authOf(field) ?? 'public', documentOf(kind, field)]))(
    '%s is %s to a stranger',
    async (name, rule, document) => {
      const { errors } = await server.call(document);
      const isRefused = errors.some(
        ({ path, extensions }) => path?.[0] === name && extensions.reason === 'TOKEN_MISSING',
      );
      expect(isRefused).toBe(rule !== 'public');
    },
  );

  it('is on every field of a user that a plain user may not read of themselves, and an administrator may', async () => {
    const [user, admin] = [await signUp(server), await signUpWithRoles(server, 'admin')];
    for (const field of fieldsOf('User')) {
      const query = `{ me { ${field.name} ${isObjectType(getNamedType(field.type)) ? '{ __typename }' : ''} } }`;
      const expected = authOf(field)?.includes('permissions') ? 'FORBIDDEN' : undefined;
      const refusal = refusalOf(await server.call(query, {}, { token: user.accessToken }));
      expect([field.name, refusal]).toEqual([field.name, expected]);
      expect([field.name, refusalOf(await server.call(query, {}, { token: admin.accessToken }))]).toEqual([
        field.name,
        undefined,
      ]);
    }
  });
});

/** @see apollographql/apollo-server#2100, apollographql/rover#187 */
describe('in production', () => {
  const PRODUCTION = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://auth.example.com',
    APP_URL: 'https://app.example.com',
    BCRYPT_COST: '10',
  };
  let production: TestServer;
  beforeAll(async () => {
    production = await TestServer.start({ env: PRODUCTION });
  });
  afterAll(() => production.stop());

  it.each([
    '{ __schema { types { name } } }',
    '{ __type(name: "User") { name } }',
    '{ me { id } ...F } fragment F on Query { s: __schema { queryType { name } } }',
  ])('introspection is refused with a plain explanation: %s', async (query) => {
    const answer = await production.call(query);
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(answer.errors[0]?.message).toBe(
      'Introspection is off on this server. Its schema is the file schema.gql of the release.',
    );
    expect(answer.data).toBeUndefined();
  });

  it('__typename is answered, at the root and below it', async () => {
    const { data } = await production.call('{ __typename serverInfo { __typename } }');
    expect(data).toEqual({ __typename: 'Query', serverInfo: { __typename: 'ServerInfo' } });
  });

  it.each([
    '{ mee { id } }',
    '{ me { emial } }',
    'mutation { logn { __typename } }',
    'mutation { login(inputt: {}) { __typename } }',
    'mutation { login(input: { email: "a@b.example", passwort: "x" }) { __typename } }',
    'mutation { login(input: { email: "a@b.example", password: "x", transport: COOKI }) { __typename } }',
    '{ me { ... on Usr { id } } }',
    'query ($input: LoginInputt) { me { id } }',
    '{ me @autth { id } }',
  ])('a mistake brings no suggestion: %s', async (query) => {
    const answer = await production.call(query);
    expect([answer.status, refusalOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(answer.text).not.toMatch(/did you mean/i);
  });

  it('INTROSPECTION=true brings the whole schema back', async () => {
    const open = await TestServer.start({ env: { ...PRODUCTION, INTROSPECTION: 'true' } });
    expect(await introspected(open)).toBe(printWithoutDirectives(lexicographicSortSchema(schema)));
    await open.stop();
  });
});

async function introspected(from: TestServer): Promise<string> {
  const { data } = await from.call(getIntrospectionQuery({ specifiedByUrl: true }));
  return printWithoutDirectives(lexicographicSortSchema(buildClientSchema(data as unknown as IntrospectionQuery)));
}

function fieldsOf(typeName: string): GraphQLField<unknown, unknown>[] {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
}

/** Every field of an object that is not of introspection. */
function fieldsIn(of: GraphQLSchema): { type: GraphQLObjectType; field: GraphQLField<unknown, unknown> }[] {
  const types = Object.values(of.getTypeMap()).filter(isObjectType);
  return types
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })));
}

const isPaged = ({ args }: GraphQLField<unknown, unknown>): boolean => args.some(({ name }) => name === 'first');

/** True for a connection: whatever leads to it says how much of it is asked for. */
function isPageOnly(type: GraphQLObjectType, of: GraphQLSchema): boolean {
  const leading = fieldsIn(of).filter(({ field }) => getNamedType(field.type) === type);
  return leading.length > 0 && leading.every(({ field }) => isPaged(field));
}

function authOf({ astNode }: GraphQLField<unknown, unknown>): string | undefined {
  const directive = astNode?.directives?.find(({ name }) => name.value === 'auth');
  return directive && print(directive);
}

/** The smallest document that calls the field, with made-up values where it needs some. */
function documentOf(kind: 'query' | 'mutation', { name, args, type }: GraphQLField<unknown, unknown>): string {
  const values = args.filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${literalOf(arg.type)}`);
  const isLeaf = !('getFields' in getNamedType(type)) && !('getTypes' in getNamedType(type));
  return `${kind} { ${name}${values.length > 0 ? `(${values.join(', ')})` : ''} ${isLeaf ? '' : '{ __typename }'} }`;
}

function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType);
  if (isListType(type)) return '[]';
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return `{ ${fields.map((field) => `${field.name}: ${literalOf(field.type)}`).join(', ')} }`;
  }
  return type.name === 'Boolean' ? 'false' : type.name === 'Int' ? '1' : '"x"';
}
