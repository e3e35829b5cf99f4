import { cpuUsage } from 'node:process';
import { DOCUMENT_LIMITS, type DocumentLimit, MAX_PROBLEMS, MAX_TOKENS } from '../../src/graphql/document-limits.js';
import { documentedTable } from '../support/documented-table.js';
import { ForkModule } from '../support/fork.module.js';
import { signUp } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule] });
});
afterAll(() => server.stop());

const times = (count: number, make: (index: string) => string, between = ' ') =>
  Array.from({ length: count }, (_, index) => make(String(index))).join(between);

const REFRESH = 'refresh(input: { refreshToken: "no" }) { expiresIn }';

/** A document that has exactly `count` of what is limited, and not too much of anything else. */
const DOCUMENTS: Record<Exclude<DocumentLimit, 'complexity'>, (count: number) => string> = {
  depth: (count) => `{ __type(name: "User") { ${'ofType { '.repeat(count - 2)} name ${'}'.repeat(count)}`,
  aliases: (count) => `{ serverInfo { ${times(count, (i) => `a${i}: version`)} } }`,
  rootFields: (count) => `{ ${times(count, (i) => (Number(i) % 2 ? '...F' : '... { __typename }'))} }
    fragment F on Query { __typename }`,
  directivesPerNode: (count) => `query ${times(count, (i) => `@a${i}`)} { __typename }`,
  directives: (count) => `{ serverInfo { ${times(count, () => '... @include(if: true) { version }')} } }`,
  duplicates: (count) => `{ ${'__typename '.repeat(count + 1)} }`,
  fragments: (count) => `{ serverInfo { ${times(count, (i) => `...F${i}`)} } }
    ${times(count, (i) => `fragment F${i} on ServerInfo { version }`)}`,
  variables: (count) => `query (${times(count, (i) => `$v${i}: Boolean = true`)}) {
    serverInfo { ${times(Math.min(count, 50), (i) => `...@include(if: $v${i}) { version }`)} } }`,
  listLength: (count) => `{ fails(how: [${times(count, () => '"conflict"')}]) }`,
  stringLength: (count) => `{ fails(how: "${'s'.repeat(count)}") }`,
  nameLength: (count) => `{ serverInfo { ${'n'.repeat(count)}: version } }`,
  introspections: (count) => `{ ${times(count, (i) => `i${i}: __schema { description }`)} }`,
  credentialOperations: (count) => `mutation { ${times(count, (i) => `r${i}: ${REFRESH}`)} }`,
};

const messages = ({ errors }: { errors: { message: string }[] }) => errors.map(({ message }) => message).join('\n');

const refusalFor = (name: string) =>
  `The document exceeds a limit: ${name}, at most ${String(DOCUMENT_LIMITS[name as DocumentLimit])}.`;

describe('a document', () => {
  it.each(Object.entries(DOCUMENTS))(
    'with the most %s is not refused for it, and with one more it is, by one error alone',
    async (name, make) => {
      const limit = DOCUMENT_LIMITS[name as DocumentLimit];
      expect(messages(await server.call(make(limit)))).not.toMatch(/exceeds a limit/);
      const refused = await server.call(make(limit + 1));
      expect([refused.status, refused.data]).toEqual([400, undefined]);
      const requestId = refused.headers.get('x-request-id');
      expect(refused.errors).toEqual([
        { message: refusalFor(name), extensions: { code: 'GRAPHQL_VALIDATION_FAILED', requestId } },
      ]);
    },
  );

  it.each<[string, (name: string) => string]>([
    ['an operation', (name) => `query ${name} { __typename }`],
    ['a variable', (name) => `query ($${name}: Boolean!) { __typename @include(if: $${name}) }`],
    ['a type', (name) => `query ($v: ${name}) { __typename }`],
    ['a fragment', (name) => `{ ...${name} } fragment ${name} on Query { __typename }`],
    ['a condition', (name) => `{ ... on ${name} { __typename } }`],
    ['a field', (name) => `{ ${name} }`],
    ['an argument', (name) => `{ __typename(${name}: 1) }`],
    ['a directive', (name) => `{ __typename @${name} }`],
    ['an input field', (name) => `{ fails(how: { ${name}: 1 }) }`],
    ['an enum value', (name) => `{ fails(how: ${name}) }`],
  ])('has no name that is longer, also not of %s', async (_, make) => {
    expect(messages(await server.call(make('n'.repeat(DOCUMENT_LIMITS.nameLength))))).not.toMatch(/exceeds a limit/);
    for (const length of [DOCUMENT_LIMITS.nameLength + 1, 40_000]) {
      const refused = await server.call(make('n'.repeat(length)));
      expect([refused.status, messages(refused)]).toEqual([400, refusalFor('nameLength')]);
      expect(refused.text.length).toBeLessThan(500);
    }
  });

  it('is not found under an operation name that is longer, which is not repeated', async () => {
    const operationName = 'n'.repeat(90_000);
    const refused = await server.call('query A { __typename }', {}, { operationName });
    expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
    expect(refused.text.length).toBeLessThan(500);
  });

  it('of the most tokens is parsed, and with one more it is not', async () => {
    const document = (tokens: number) => `{ ${'x '.repeat(tokens - 2)}}`;
    expect((await server.call(document(MAX_TOKENS))).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    const refused = await server.call(document(MAX_TOKENS + 1));
    expect([refused.status, refused.errors.map(({ extensions }) => extensions.code)]).toEqual([
      400,
      ['GRAPHQL_PARSE_FAILED'],
    ]);
    expect(refused.errors[0]?.message).toBe('Syntax Error: Document contains more that 1000 tokens. Parsing aborted.');
  });

  it('whose fragments multiply is refused for its complexity', async () => {
    const levels = 14;
    const fragments = times(
      levels,
      (i) => `fragment F${i} on Query { ...F${String(Number(i) + 1)} ...F${String(Number(i) + 1)} }`,
    );
    const { errors } = await server.call(`{ ...F0 } ${fragments} fragment F${String(levels)} on Query { __typename }`);
    expect(errors.map(({ message }) => message)).toEqual([refusalFor('rootFields')]);
    const { accessToken: token } = await signUp(server);
    const below = times(
      levels,
      (i) => `fragment F${i} on Session { ...F${String(Number(i) + 1)} ...F${String(Number(i) + 1)} }`,
    );
    const nested = await server.call(
      `{ mySessions { ...F0 } } ${below} fragment F${String(levels)} on Session { id }`,
      {},
      { token },
    );
    expect(nested.errors.map(({ message }) => message)).toEqual([refusalFor('complexity')]);
  });

  it('that is wrong in ten ways and more is told ten, and that there were more', async () => {
    const { errors } = await server.call(`{ ${times(40, (i) => `wrong${i}`)} }`);
    expect(errors).toHaveLength(11);
    expect(errors.at(-1)?.message).toMatch(/Validation aborted/);
  });
});

describe('variables', () => {
  const query = 'query ($how: String!) { fails(how: $how) }';

  it('hold lists of no more elements than the limit, at any depth', async () => {
    const list = (length: number) => new Array<string>(length).fill('x');
    const most = await server.call(query, { how: list(DOCUMENT_LIMITS.listLength) });
    expect(messages(most)).toBe('Variables do not fit: how has the wrong type.');
    for (const how of [list(DOCUMENT_LIMITS.listLength + 1), { a: [{ b: list(DOCUMENT_LIMITS.listLength + 1) }] }]) {
      const refused = await server.call(query, { how });
      expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
      expect(refused.errors[0]?.extensions.fields).toEqual([
        { path: 'how', message: 'holds a list of more than 100 elements' },
      ]);
    }
  });

  it('hold texts of no more characters than the limit, at any depth', async () => {
    const text = (length: number) => 'x'.repeat(length);
    expect(messages(await server.call(query, { how: text(DOCUMENT_LIMITS.stringLength) }))).not.toMatch(/holds/);
    for (const how of [
      text(DOCUMENT_LIMITS.stringLength + 1),
      { a: [{ b: text(DOCUMENT_LIMITS.stringLength + 1) }] },
    ]) {
      const refused = await server.call(query, { how });
      expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
      expect(refused.errors[0]?.extensions.fields).toEqual([
        { path: 'how', message: 'holds a text of more than 8192 characters' },
      ]);
    }
  });
});

describe('variables that do not fit', () => {
  const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
  const object = (fields: number) => Object.fromEntries(Array.from({ length: fields }, (_, i) => [i.toString(36), 1]));

  it('hold objects of no more fields than the limit, at any depth', async () => {
    const most = await server.call(LOGIN, { input: object(DOCUMENT_LIMITS.listLength) });
    expect(messages(most)).not.toMatch(/holds/);
    for (const input of [object(DOCUMENT_LIMITS.listLength + 1), { email: [object(DOCUMENT_LIMITS.listLength + 1)] }]) {
      const refused = await server.call(LOGIN, { input });
      expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
      expect(refused.errors[0]?.extensions.fields).toEqual([
        { path: 'input', message: 'holds an object of more than 100 fields' },
      ]);
    }
  });

  it.each([
    ['of one variable', LOGIN, { input: object(DOCUMENT_LIMITS.listLength) }],
    [
      'of several',
      `query (${times(20, (i) => `$v${i}: Boolean!`)}) { ${times(20, (i) => `... @include(if: $v${i}) { __typename }`)} }`,
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`v${String(i)}`, null])),
    ],
  ])('are told ten problems, and that there are more: %s', async (_, query, variables) => {
    const { errors, data } = await server.call(query, variables);
    expect([data, errors.length]).toEqual([undefined, 1]);
    expect(errors[0]?.extensions.fields).toHaveLength(MAX_PROBLEMS);
    expect(errors[0]?.message).toMatch(/; and perhaps more\.$/);
  });

  it('cost hardly more for many unknown fields than for a few', async () => {
    const cpuOf = async (variables: object) => {
      const before = cpuUsage();
      for (let sent = 0; sent < 5; sent += 1) await server.call(LOGIN, { ...variables });
      const { user, system } = cpuUsage(before);
      return (user + system) / 1000;
    };
    await cpuOf({ input: object(1) });
    expect(await cpuOf({ input: object(12_000) })).toBeLessThan(1000);
    expect(await cpuOf({ input: Array.from({ length: 100 }, () => object(100)) })).toBeLessThan(1000);
  });
});

describe('one operation holds at most one credential operation', () => {
  const LOGIN = 'login(input: { email: "a@example.com", password: "wrong password" }) { __typename }';
  const SIGNUP = 'signup(input: { email: "b@example.com", password: "correct horse battery" }) { __typename }';

  it.each([
    ['by alias', `mutation { a: ${LOGIN} b: ${LOGIN} }`],
    ['of different kinds', `mutation { ${LOGIN} ${SIGNUP} }`],
    ['that end a session', 'mutation { a: logout b: logout }'],
    ['one that ends a session and one that begins one', `mutation { logout ${LOGIN} }`],
    [
      'in fragments',
      `mutation { ...A ...B } fragment A on Mutation { a: ${LOGIN} } fragment B on Mutation { ${REFRESH} }`,
    ],
    ['in inline fragments', `mutation { ... on Mutation { a: ${LOGIN} } ... { b: ${LOGIN} } }`],
    ['behind a condition', `mutation { a: ${LOGIN} ... @include(if: false) { b: ${LOGIN} } }`],
    [
      'in one fragment, spread under two',
      `mutation { ...A ...B } fragment A on Mutation { ...C } fragment B on Mutation { ...C } fragment C on Mutation { ${LOGIN} }`,
    ],
  ])('%s', async (_, document) => {
    const { status, errors, data } = await server.call(document);
    expect([status, data, errors.map(({ message }) => message)]).toEqual([
      400,
      undefined,
      [refusalFor('credentialOperations')],
    ]);
  });

  it('but two operations of one document may hold one each: one of them is executed', async () => {
    const { errors } = await server.call(
      `mutation A { ${LOGIN} } mutation B { ${REFRESH} }`,
      {},
      { operationName: 'B' },
    );
    expect(errors.map(({ extensions }) => extensions.reason)).toEqual(['REFRESH_TOKEN_INVALID']);
  });
});

describe('docs/documents.md', () => {
  it('has every limit', () => {
    const limits = { tokens: MAX_TOKENS, ...DOCUMENT_LIMITS };
    const rows = [...documentedTable('Limits', 'documents.md')].map(([name, [limit]]) => [name, Number(limit)]);
    expect(Object.fromEntries(rows)).toEqual(limits);
  });
});
