import {
  buildSchema,
  getIntrospectionQuery,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  parse,
} from 'graphql';
import { DOCUMENT_LIMITS, type DocumentLimit } from '../../src/graphql/document-limits.js';
import { measureDocument } from '../../src/graphql/document-measure.js';

const schema = buildSchema(`
  type Query { users(first: Int, last: Int, filter: Filter): UserConnection, everybody: [User!]!, me: User }
  type Mutation { login: User, logout: Boolean }
  input Filter { search: String, role: String }
  type UserConnection { edges: [UserEdge!]!, nodes: [User!]!, totalCount: Int }
  type UserEdge { node: User }
  directive @auth(permissions: [String!]) on FIELD_DEFINITION
  type User {
    id: ID
    name: String
    roles: [String!]!
    secret: String @auth(permissions: ["users:read"])
    sessions: [Session!]!
    friends(first: Int): UserConnection
    closest(first: Int): [User!]!
  }
  type Session { id: ID, user: User }
`);

// As `@HoldsAtMost` has it on the fields of the server.
const sessions = (schema.getType('User') as GraphQLObjectType).getFields()['sessions'];
Object.assign(sessions ?? {}, { extensions: { listBound: 'MAX_SESSIONS_PER_USER' } });
// As `@CountsFor` has it.
const totalCount = (schema.getType('UserConnection') as GraphQLObjectType).getFields()['totalCount'];
Object.assign(totalCount ?? {}, { extensions: { work: 200 } });
const search = (schema.getType('Filter') as GraphQLInputObjectType).getFields()['search'];
Object.assign(search ?? {}, { extensions: { work: 1_000 } });
const SETTINGS = { MAX_SESSIONS_PER_USER: 30 };

const complexityOf = (document: string) => measureDocument(parse(document), schema, SETTINGS).complexity;

describe('complexity', () => {
  it.each([
    ['a field counts for one, and so does the object around it', '{ me { id name } }', 3],
    ['a list counts for a hundred', '{ everybody { id name } }', 1 + 100 * 2],
    ['a list of a known length counts for that', '{ me { sessions { id user { id } } } }', 1 + 1 + 30 * 3],
    ['lists multiply', '{ everybody { sessions { id } } }', 1 + 100 * (1 + 30)],
    ['ten values of a list count for one', '{ me { roles } }', 1 + 1 + 10],
    ['a field with a rule of its own counts for five', '{ me { id secret } }', 1 + 1 + 5],
    ['the lists of a page have its size', '{ users(first: 50) { nodes { id } } }', 1 + 1 + 50],
    ['also through edges', '{ users(last: 5) { edges { node { id } } } }', 1 + 1 + 5 * 2],
    ['what is said of a page itself counts once', '{ users(first: 50) { totalCount } }', 1 + 201],
    ['a page without a size counts for twenty', '{ users { nodes { id } } }', 1 + 1 + 20],
    [
      'a search counts for what it reads',
      '{ users(first: 1, filter: { search: "a" }) { nodes { id } } }',
      1 + 1_000 + 2,
    ],
    ['and nothing else of the filter', '{ users(first: 1, filter: { role: "a" }) { nodes { id } } }', 1 + 2],
    [
      'a filter in a variable may be a search',
      'query ($f: Filter) { users(first: 1, filter: $f) { nodes { id } } }',
      1 + 1_000 + 2,
    ],
    [
      'a page whose size is a variable counts for the most',
      'query ($n: Int) { users(first: $n) { nodes { id } } }',
      1 + 1 + 100,
    ],
    ['of two sizes the greater counts', '{ users(last: 1, first: 50) { nodes { id } } }', 1 + 1 + 50],
    [
      'a list that is paged by itself is no connection',
      '{ me { closest(first: 5) { sessions { id } } } }',
      1 + 1 + 5 * 31,
    ],
    ['a negative size counts for one', '{ users(first: -5) { nodes { id } } }', 1 + 2],
    [
      'also when the same fragment is part of a page and of none',
      '{ a: users(first: 1) { ...F } b: users { ...F } } fragment F on UserConnection { nodes { id } }',
      1 + 2 + 1 + 1 + 20,
    ],
    ['a fragment counts wherever it is spread', '{ me { ...F ...F } } fragment F on User { id name }', 1 + 4],
    ['a cycle ends', '{ me { ...F } } fragment F on User { id ...F }', 1 + 1],
    ['what the schema does not have counts for one', '{ nothing { at { all } } }', 3],
    ['of several operations the greatest counts', 'query A { me { id } } query B { everybody { id } }', 101],
  ])('%s', (_, document, expected) => {
    expect(complexityOf(document)).toBe(expected);
  });

  it('grows past every number, and is found without counting that far', () => {
    const levels = Array.from(
      { length: 200 },
      (_, i) => `fragment F${String(i)} on User { ...F${String(i + 1)} ...F${String(i + 1)} }`,
    );
    expect(complexityOf(`{ me { ...F0 } } ${levels.join(' ')} fragment F200 on User { id }`)).toBeGreaterThan(2 ** 199);
  });
});

it('the introspection query of GraphQL.js and the deepest that tools send are within every limit', () => {
  for (const options of [
    {},
    { inputValueDeprecation: true, oneOf: true, schemaDescription: true, specifiedByUrl: true },
  ]) {
    const measured = measureDocument(parse(getIntrospectionQuery(options)), schema, SETTINGS);
    const exceeded = Object.entries(measured).filter(([name, value]) => value > DOCUMENT_LIMITS[name as DocumentLimit]);
    expect(exceeded).toEqual([]);
  }
});
