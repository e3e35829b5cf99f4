import { type AuditResult, serverAudits } from 'graphql-http';
import { TestServer } from '../support/test-server.js';

/** Would rather see 200 for a document that is refused, under `Accept: application/json`. We answer 400, as Apollo does. */
const REFUSED_IS_400 = ['572B', 'FDE2', '7B9B'];

/**
 * Ask for `__type`, which production refuses: to answer it, if only with null for names that are not there, would tell
 * which names are. What the two are about is asked without introspection at the end of this file.
 */
const ASK_FOR_INTROSPECTION = ['BF61', '28B9'];

const MODES = {
  conformance: {
    env: { INTROSPECTION: 'true' },
    headers: { 'apollo-require-preflight': '1' },
  },
  production: {
    env: {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://auth.example.com',
      APP_URL: 'https://app.example.com',
      BCRYPT_COST: '10',
    },
    headers: {},
  },
};

/** The same audits each time, in the same order; the URL is not known before the server is there. */
const names = serverAudits({ url: 'http://localhost' }).map(({ id, name }) => [id, name] as const);

/** @see https://graphql.github.io/graphql-over-http/draft/ */
describe.each(Object.entries(MODES))('GraphQL over HTTP, in %s mode', (mode, { env, headers }) => {
  let server: TestServer;
  const results = new Map<string, AuditResult>();
  beforeAll(async () => {
    server = await TestServer.start({ env });
    const fetchFn = (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } });
    for (const audit of serverAudits({ url: `${server.url}/graphql`, fetchFn })) {
      results.set(audit.id, await audit.fn());
    }
  });
  afterAll(() => server.stop());

  it('has all 61 audits', () => {
    expect([results.size, names.length]).toEqual([61, 61]);
  });

  it.each(names)('%s: %s', (id) => {
    const result = results.get(id);
    const reason = result && 'reason' in result ? result.reason : undefined;
    if (mode === 'conformance') {
      expect({ status: result?.status, reason }).toMatchObject({ status: REFUSED_IS_400.includes(id) ? 'warn' : 'ok' });
      return;
    }
    const isError = result?.status === 'error';
    expect({ isError, reason }).toMatchObject({ isError: ASK_FOR_INTROSPECTION.includes(id) });
  });
});

describe('in production, without introspection', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: MODES.production.env });
  });
  afterAll(() => server.stop());

  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json; charset=utf-8', accept: 'application/json' };
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
    return [response.status, await response.json()];
  };

  it('a request in UTF-8 is accepted (as BF61)', async () => {
    const query = '# Run🏃Swim🏊\n{ __typename }';
    expect(await post({ query })).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('a map of variables is accepted (as 28B9)', async () => {
    const query = 'query ($yes: Boolean!) { __typename @include(if: $yes) }';
    expect(await post({ query, variables: { yes: true } })).toEqual([200, { data: { __typename: 'Query' } }]);
  });
});
