import { TestServer } from '../support/test-server.js';
import { FRONTEND } from './cookie-client.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { CORS_ORIGINS: `${FRONTEND},https://good.example` } });
});
afterAll(() => server.stop());

const json = { 'content-type': 'application/json' };
const post = (body: string, headers = json) => ({ path: '/graphql', init: { method: 'POST', headers, body } });

/** One request for each way in which the server can answer. */
const ANSWERS = {
  200: post('{"query":"{ __typename }"}'),
  'a refused field': post('{"query":"{ me { id } }"}'),
  'a document that does not parse': post('{"query":"{"}'),
  'a body that is not JSON': post('{'),
  'a body that is too large': post(`{"query":"${'#'.repeat(200_000)}"}`),
  'a simple request': post('{"query":"{ __typename }"}', { 'content-type': 'text/plain' }),
  'an address with nothing': { path: '/nothing', init: {} },
  'the JWKS': { path: '/.well-known/jwks.json', init: {} },
};

const UNLISTED = [
  'https://evil.example',
  'https://good.example.evil.tld',
  'https://evilgood.example',
  'http://good.example',
  'https://good.example:444',
  'null',
];

/** @see apollographql/apollo-server#514, strapi/strapi#12816 */
describe.each(Object.entries(ANSWERS))('CORS on %s', (_, { path, init }) => {
  const ask = async (origin?: string) => {
    const headers = { ...('headers' in init && init.headers), ...(origin !== undefined && { origin }) };
    const response = await fetch(`${server.url}${path}`, { ...init, headers });
    await response.arrayBuffer();
    return response;
  };

  it.each([FRONTEND, 'https://good.example'])('names exactly the listed origin %s', async (origin) => {
    expect(corsHeaders(await ask(origin))).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Request-Id',
    });
  });

  it('says nothing to an unlisted origin, and fails for none', async () => {
    const { status } = await ask();
    for (const origin of UNLISTED) {
      const response = await ask(origin);
      expect([response.status, corsHeaders(response)]).toEqual([status, {}]);
    }
  });

  it('varies by origin, so that no cache mixes the answers up', async () => {
    for (const origin of [undefined, FRONTEND, 'https://evil.example']) {
      expect((await ask(origin)).headers.get('vary')).toMatch(/(^|, *)Origin(,|$)/i);
    }
  });
});

describe('a preflight', () => {
  const preflight = (origin: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
        ...headers,
      },
    });

  it('of a listed origin is answered with what the origin may do', async () => {
    const response = await preflight(FRONTEND);
    expect(response.status).toBe(204);
    expect(corsHeaders(response)).toEqual({
      'access-control-allow-origin': FRONTEND,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-allow-methods': 'GET,POST',
      'access-control-expose-headers': 'X-Request-Id',
      'access-control-max-age': '600',
    });
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it.each(UNLISTED)('of %s is answered without permission, and without a fault', async (origin) => {
    const response = await preflight(origin);
    expect(corsHeaders(response)).toEqual({});
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('vary')).toContain('Origin');
  });
});

function corsHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}
