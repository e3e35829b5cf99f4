import { jest } from '@jest/globals';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { User } from '../../src/users/user.entity.js';
import { PASSWORD, signUp, type TestUser } from '../support/accounts.js';
import { fastestMs } from '../support/fastest.js';
import { ForkModule } from '../support/fork.module.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { costOf } from './support/cost.js';

const MAX_BODY = 100_000;
const MAX_CPU_MS = 100;
/** Of the process, by a dozen requests: room for a collector that takes its time, none for what multiplies. */
const MAX_GROWTH = 150_000_000;

let server: TestServer;
let user: TestUser;
beforeAll(async () => {
  // As in production, with resolvers of a fork that have arguments and lists.
  server = await TestServer.start({
    imports: [ForkModule],
    env: { INTROSPECTION: 'false', RATE_LIMITS_ENABLED: 'true' },
  });
  user = await signUp(server);
});
afterAll(() => server.stop());

interface Answer {
  status: number;
  text: string;
  codes: string[];
}

async function post(body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
  return answerOf(await fetch(`${server.url}/graphql`, init));
}

async function get(parameters: string, headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(await fetch(`${server.url}/graphql?${parameters}`, { headers }));
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const { errors = [] } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] };
  return { status: response.status, text, codes: errors.map(({ extensions }) => extensions.code) };
}

const times = (count: number, make: (index: string) => string, between = ' ') =>
  Array.from({ length: count }, (_, index) => make(String(index))).join(between);

const document = (query: string, variables?: object, rest?: object) => JSON.stringify({ query, variables, ...rest });
const send = (query: string, variables?: object) => {
  const body = document(query, variables);
  return () => post(body);
};

const deepVariable = (depth: number) =>
  `{"query":"query($how:String!){fails(how:$how)}","variables":{"how":${'['.repeat(depth)}${']'.repeat(depth)}}}`;

const LOGIN = `login(input: { email: "a@example.com", password: "wrong password" }) { __typename }`;
const PREFLIGHT = { 'apollo-require-preflight': '1' };
const TOO_LONG = [400, ['GRAPHQL_PARSE_FAILED']];
const INVALID = [400, ['GRAPHQL_VALIDATION_FAILED']];
const BAD = [400, ['BAD_REQUEST']];

type Row = [attack: string, request: () => Promise<Answer>, expected: unknown];

/** The attacks on GraphQL servers that are known, each with the one right answer. */
const ATTACKS: Row[] = [
  ['1,000 aliased logins', send(`mutation { ${times(1000, (i) => `a${i}: ${LOGIN}`)} }`), TOO_LONG],
  ['two aliased logins', send(`mutation { a: ${LOGIN} b: ${LOGIN} }`), INVALID],
  ['101 aliases', send(`{ ${times(101, (i) => `a${i}: __typename`)} }`), INVALID],
  ['an array of requests', () => post(`[${times(10, () => document('{ __typename }'), ',')}]`), BAD],
  [
    'a mutation by GET',
    () => get(`query=${encodeURIComponent('mutation { logout }')}`, PREFLIGHT),
    [405, ['BAD_REQUEST']],
  ],
  ['a query by GET without the preflight header', () => get('query={__typename}'), BAD],
  [
    'a query by GET with text/plain',
    () => get('query={__typename}', { ...PREFLIGHT, 'content-type': 'text/plain' }),
    [415, ['BAD_REQUEST']],
  ],
  ['text', () => post(document('{ __typename }'), { 'content-type': 'text/plain' }), BAD],
  ['a form', () => post('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }), BAD],
  ['an upload', () => post('--x--', { 'content-type': 'multipart/form-data; boundary=x' }), BAD],
  ['an empty type', () => post(document('{ __typename }'), { 'content-type': '' }), BAD],
  ['half a type', () => post(document('{ __typename }'), { 'content-type': 'application' }), BAD],
  ['a type that is none', () => post(document('{ __typename }'), { 'content-type': ';' }), BAD],
  ['two types', () => post(document('{ __typename }'), { 'content-type': 'application/json, text/plain' }), BAD],
  [
    'one type in another',
    () => post(document('{ __typename }'), { 'content-type': 'text/plain;application/json' }),
    BAD,
  ],
  [
    'utf-7',
    () => post(document('{ __typename }'), { 'content-type': 'application/json; charset=utf-7' }),
    [415, ['BAD_REQUEST']],
  ],
  ['2 MB', send(`# ${'x'.repeat(2_000_000)}`), [413, ['BAD_REQUEST']]],
  ['introspection', send('{ __schema { types { name } } }'), INVALID],
  [
    'introspection of a type, in a fragment, under an alias',
    send('{ ...F } fragment F on Query { x: __type(name: "User") { name } }'),
    INVALID,
  ],
  ['300 fields inside each other', send(`{ ${'me { '.repeat(300)} id ${'} '.repeat(301)}`), INVALID],
  ['20,000 fields that nobody closes', send('{ me '.repeat(20_000)), TOO_LONG],
  ['a list 20,000 deep', send(`{ fails(how: ${'['.repeat(20_000)}`), TOO_LONG],
  ['a list 20,000 deep in the variables', () => post(deepVariable(20_000)), [413, ['BAD_REQUEST']]],
  ['a list 1,900 deep in the variables', () => post(deepVariable(1_900)), [400, ['BAD_USER_INPUT']]],
  ['a cycle of fragments', send('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'), INVALID],
  ['4,000 directives', send(`{ __typename ${'@skip '.repeat(4000)} }`), TOO_LONG],
  ['10 unknown directives', send(`{ __typename ${'@aa'.repeat(10)} }`), INVALID],
  ['500 times the same field', send(`{ ${'__typename '.repeat(500)} }`), INVALID],
  [
    'a product of inline fragments',
    send(`{ ${times(100, () => `... on Query { ${times(50, (i) => `a${i}: __typename`)} }`)} }`),
    TOO_LONG,
  ],
  ['2,000 variables that nobody uses', send(`query (${times(2000, (i) => `$v${i}: Int`)}) { __typename }`), TOO_LONG],
  ['@defer', send('{ serverInfo { ... @defer { version } } }'), INVALID],
  ['@stream', send('{ publicDirectory @stream(initialCount: 0) { id } }'), INVALID],
  ['a subscription', send('subscription { me { id } }'), INVALID],
  [
    'federation',
    send('{ _service { sdl } _entities(representations: []) { __typename } }'),
    [400, ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED']],
  ],
  [
    'a persisted query',
    () => post(JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } })),
    [200, ['PERSISTED_QUERY_NOT_SUPPORTED']],
  ],
  [
    'an object where text is expected',
    send(`query ($how: String!) { fails(how: $how) }`, { how: { $ne: null } }),
    [400, ['BAD_USER_INPUT']],
  ],
  [
    'a prototype in the variables',
    () =>
      post(
        '{"query":"query($how:String!){fails(how:$how)}","variables":{"how":"conflict","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
      ),
    [200, ['CONFLICT']],
  ],
  [
    'a prototype in an input',
    () =>
      post(
        `{"query":"mutation($i:LoginInput!){login(input:$i){__typename}}","variables":{"i":{"email":"a@example.com","password":"x","__proto__":{"polluted":1}}}}`,
      ),
    [400, ['BAD_USER_INPUT']],
  ],
  ['a resolver that fails', send('{ fails(how: "badly") }'), [200, ['INTERNAL_SERVER_ERROR']]],
];

describe('an attack on GraphQL', () => {
  it.each(ATTACKS)('by %s has one right answer, and costs less than its bound', async (_, request, expected) => {
    const { status, codes } = await request();
    expect([status, codes]).toEqual(expected);
    const { cpuMs, growth } = await costOf(request);
    expect(cpuMs).toBeLessThan(MAX_CPU_MS);
    expect(growth).toBeLessThan(MAX_GROWTH);
  });

  it('by 1,000 aliased logins hashes no password and is over in 50 ms', async () => {
    const hash = jest.spyOn(HashingQueue.prototype, 'run');
    const body = document(`mutation { ${times(1000, (i) => `a${i}: ${LOGIN}`)} }`);
    expect(await fastestMs(() => post(body))).toBeLessThan(50);
    expect(hash).not.toHaveBeenCalled();
    hash.mockRestore();
  });
});

/** Documents of just under 100 kB that do their worst: to the lexer, the parser, the rules, the messages, the values. */
const WORST: [what: string, body: string][] = [
  ['one long comment', document(`{ __typename } # ${'c'.repeat(MAX_BODY - 100)}`)],
  ['many short comments', document(`{ __typename }${'\\n#'.repeat(1)}${'#\n'.repeat(MAX_BODY / 3 - 100)}`)],
  ['blanks and commas', document(`{${' ,'.repeat(MAX_BODY / 2 - 100)} __typename }`)],
  ['one long name', document(`{ ${'n'.repeat(MAX_BODY - 100)} }`)],
  ['900 names of 100 letters', document(`{ ${times(900, (i) => `${'n'.repeat(100)}${i}`)} }`)],
  ['names that are nearly right', document(`{ ${times(900, (i) => `mySession${i}`)} }`)],
  ['one long string', document(`{ fails(how: "${'s'.repeat(MAX_BODY - 100)}") }`)],
  ['one string of escapes', document(`{ fails(how: "${'\\u{1F600}'.repeat(MAX_BODY / 12)}") }`)],
  ['a block string of many lines', document(`{ fails(how: """${' \n'.repeat(MAX_BODY / 3 - 100)}""") }`)],
  ['a long number', document(`{ fails(how: ${'9'.repeat(MAX_BODY - 100)}) }`)],
  ['inline fragments inside each other', document(`{ ${'... { '.repeat(320)} __typename ${'} '.repeat(321)}`)],
  ['inline fragments beside each other', document(`{ ${times(240, () => '... { __typename }')} }`)],
  ['the same field with other arguments', document(`{ ${times(49, (i) => `a: fails(how: "${i}")`)} }`)],
  [
    'fragments that are spread in each other',
    document(
      `{ ...F0 } ${times(49, (i) => `fragment F${i} on Query { ...F${String(Number(i) + 1)} ...F${String(Number(i) + 1)} }`)} fragment F49 on Query { __typename }`,
    ),
  ],
  ['50 aliases of a list of users', document(`{ ${times(50, (i) => `a${i}: publicDirectory { id }`)} }`)],
  ['50 aliases of me', document(`{ ${times(50, (i) => `a${i}: me { id email roles }`)} }`)],
  ['deep variables', `{"query":"{ __typename }","variables":${'{"a":'.repeat(1_900)}1${'}'.repeat(1_900)}}`],
  [
    'variables that are too deep',
    `{"query":"{ __typename }","variables":${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}}`,
  ],
  [
    'wide variables',
    document('{ __typename }', Object.fromEntries(Array.from({ length: 1_900 }, (_, i) => [`v${String(i)}`, i]))),
  ],
  ['a wide list', document('query ($how: String!) { fails(how: $how) }', { how: new Array(1_900).fill('x') })],
  ['too wide a list', document('query ($how: String!) { fails(how: $how) }', { how: new Array(20_000).fill('x') })],
  [
    'a list of 100 wrong values',
    document('query ($how: [String!]!) { fails(how: $how) }', { how: new Array(100).fill({ a: 'x'.repeat(900) }) }),
  ],
  [
    'many operations',
    document(
      times(240, (i) => `query Q${i} { __typename }`),
      {},
      { operationName: 'Q1' },
    ),
  ],
  ['a long operation name', document('query A { __typename }', {}, { operationName: 'o'.repeat(MAX_BODY - 100) })],
  ['long unknown keys', `{"query":"{ __typename }","${'k'.repeat(MAX_BODY - 100)}":1}`],
];

describe('the worst document under 100 kB', () => {
  it.each(WORST)('of the kind "%s" costs under 100 ms of CPU, and no memory', async (_, body) => {
    expect(Buffer.byteLength(body)).toBeLessThan(MAX_BODY);
    const request = () => post(body, { authorization: `Bearer ${user.accessToken}` });
    expect((await request()).status).toBeLessThan(500);
    const { cpuMs, growth } = await costOf(request);
    expect(cpuMs).toBeLessThan(MAX_CPU_MS);
    expect(growth).toBeLessThan(MAX_GROWTH);
  });
});

describe('after all of them', () => {
  it('the server serves, nothing was changed, and no object has a new property', async () => {
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect(await server.em().count(User)).toBe(1);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const input = { email: user.email, password: PASSWORD };
    const { errors } = await server.call('mutation ($input: LoginInput!) { login(input: $input) { __typename } }', {
      input,
    });
    expect(errors).toEqual([]);
  });
});
