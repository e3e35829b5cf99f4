import { TestServer } from '../support/test-server.js';

const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.com',
  APP_URL: 'https://app.example.com',
  BCRYPT_COST: '10',
};

/** Found in development by decision: there the schema and the playground are for whoever develops. */
const ON_IN_DEVELOPMENT = ['introspection', 'field_suggestions'];

interface Probe {
  method?: 'GET' | 'POST';
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  data: Record<string, unknown> | null | undefined;
  errors: unknown[] | undefined;
}

async function ask(
  { url }: TestServer,
  { method = 'POST', path = '/graphql', headers = {}, body }: Probe,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  const json = text.startsWith('{') ? (JSON.parse(text) as Pick<Answer, 'data' | 'errors'>) : undefined;
  return { status: response.status, headers: response.headers, text, data: json?.data, errors: json?.errors };
}

const query = (document: string): Probe => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: document, operationName: 'cop' }),
});

const byGet = (document: string): Probe => ({ method: 'GET', path: `/graphql?query=${encodeURIComponent(document)}` });

const times = (count: number, make: (index: string) => string, between = ' ') =>
  Array.from({ length: count }, (_, index) => make(String(index))).join(between);

const hasTypename = ({ data }: Answer) => data?.['__typename'] !== undefined;

/** What the scanner of that name asks, and when it reports a weakness: true is one. */
const CHECKS: [check: string, isWeak: (server: TestServer) => Promise<boolean>][] = [
  [
    'alias_overloading',
    async (server) => {
      const { data } = await ask(server, query(`query cop { ${times(101, (i) => `alias${i}: __typename`)} }`));
      return data?.['alias100'] !== undefined;
    },
  ],
  [
    'batch_query',
    async (server) => {
      const one = '{"query":"query cop { __typename }"}';
      const { text } = await ask(server, { ...query(''), body: `[${times(10, () => one, ',')}]` });
      return text.startsWith('[');
    },
  ],
  [
    'circular_query_introspection',
    async (server) => {
      const circle = 'fields { type { fields { type { fields { type { fields { type { name } } } } } } } }';
      const { data } = await ask(server, query(`query cop { __schema { types { ${circle} } } }`));
      return data?.['__schema'] !== undefined;
    },
  ],
  [
    'detect_graphiql',
    async (server) => {
      const pages = ['/', '/graphql', '/graphiql', '/playground', '/console', '/altair', '/voyager', '/api/graphql'];
      const answers = await Promise.all(
        pages.map((path) => ask(server, { method: 'GET', path, headers: { accept: 'text/html' } })),
      );
      return answers.some(({ text }) => /graphiql|playground|altair|<html/i.test(text));
    },
  ],
  [
    'directive_overloading',
    async (server) => {
      const { errors } = await ask(server, query(`query cop { __typename ${'@aa'.repeat(10)} }`));
      return errors?.length !== 1;
    },
  ],
  [
    'field_duplication',
    async (server) => hasTypename(await ask(server, query(`query cop { ${'__typename '.repeat(500)} }`))),
  ],
  [
    'field_suggestions',
    async (server) => {
      const probes = [
        'query cop { __schema { directive } }',
        'query cop { serverInf { version } }',
        'query cop { me { emai } }',
      ];
      const answers = await Promise.all(probes.map((document) => ask(server, query(document))));
      return answers.some(({ text }) => text.includes('Did you mean'));
    },
  ],
  ['get_based_mutation', async (server) => hasTypename(await ask(server, byGet('mutation cop { __typename }')))],
  ['get_method_support', async (server) => hasTypename(await ask(server, byGet('query cop { __typename }')))],
  [
    'introspection',
    async (server) => {
      const { data } = await ask(server, query('query cop { __schema { types { name fields { name } } } }'));
      return data?.['__schema'] !== undefined;
    },
  ],
  [
    'post_based_csrf',
    async (server) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return hasTypename(await ask(server, { headers, body: 'query=query+cop+%7B+__typename+%7D' }));
    },
  ],
  [
    'trace_mode',
    async (server) => {
      const { text, headers } = await ask(server, query('query cop { __typename }'));
      return /tracing|"extensions"/.test(text) || headers.has('apollo-trace');
    },
  ],
  [
    'unhandled_error',
    async (server) => {
      const { text } = await ask(server, query('qwerty cop { abc }'));
      return /stack|exception|node_modules|at .*:\d+:\d+/i.test(text);
    },
  ],
];

/** @see https://github.com/dolevf/graphql-cop */
describe.each([
  ['production', PRODUCTION],
  ['development', {}],
])('graphql-cop finds nothing in %s', (mode, env) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env });
  });
  afterAll(() => server.stop());

  it.each(CHECKS)('%s', async (check, isWeak) => {
    expect(await isWeak(server)).toBe(mode === 'development' && ON_IN_DEVELOPMENT.includes(check));
  });
});

/** What a fingerprint goes by: texts that one engine alone would say. @see https://github.com/dolevf/graphw00f */
describe('in production no answer names the software', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: PRODUCTION });
  });
  afterAll(() => server.stop());

  it.each([
    ['an unknown directive', query('query cop @skip { __typename }')],
    ['a broken document', query('query cop {')],
    ['an empty document', query('')],
    ['introspection', query('query cop { __schema { types { name } } }')],
    ['no body', { headers: { 'content-type': 'application/json' } }],
    ['a subscription', query('subscription cop { __typename }')],
    ['a path that is not there', { method: 'GET', path: '/nothing' }],
  ] as [string, Probe][])('%s', async (_, probe) => {
    const { text, headers } = await ask(server, probe);
    expect(text).not.toMatch(/apollo|nest|express|graphql-js/i);
    expect([...headers.keys()].filter((name) => /powered|server|apollo/.test(name))).toEqual([]);
  });
});
