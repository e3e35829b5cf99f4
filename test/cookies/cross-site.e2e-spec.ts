import { Session } from '../../src/sessions/session.entity.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { FRONTEND, signedUpWithCookies } from './cookie-client.js';

const PUBLIC_URL = 'https://auth.example.com/base';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    env: { PUBLIC_URL, COOKIE_SECURE: 'false', CORS_ORIGINS: `${FRONTEND}, https://good.example` },
  });
});
afterAll(() => server.stop());

const ACCEPTED: Record<string, string>[] = [
  { origin: FRONTEND },
  { origin: 'https://good.example' },
  { origin: 'https://auth.example.com' },
  { 'sec-fetch-site': 'same-origin' },
];

const REFUSED: Record<string, string>[] = [
  {},
  { origin: '' },
  { origin: 'null' },
  { origin: 'https://evil.example' },
  { origin: 'https://good.example.evil.tld' },
  { origin: 'https://evil-good.example' },
  { origin: 'https://good.example:8443' },
  { origin: 'http://good.example' },
  { origin: 'https://good.example/' },
  { origin: 'https://GOOD.example' },
  { origin: 'https://good.example, https://evil.example' },
  { referer: 'https://good.example/page' },
  { host: 'good.example' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'none' },
];

describe('cookies', () => {
  it.each(ACCEPTED)('count with %j', async (headers) => {
    const client = await signedUpWithCookies(server);
    expect((await client.me(headers)).data).toEqual({ me: { id: client.userId } });
    expect((await client.refresh(headers)).data?.refresh.user).toEqual({ id: client.userId });
  });

  it.each(REFUSED)('do not count with %j: nothing is read, refreshed, ended or cleared', async (headers) => {
    const client = await signedUpWithCookies(server);
    for (const refused of [await client.me(headers), await client.refresh(headers)]) {
      expect([refusalOf(refused), refused.headers.getSetCookie()]).toEqual(['FORBIDDEN', []]);
      expect(refused.errors[0]?.message).toContain('CORS_ORIGINS');
    }
    await server.call(
      'mutation { logout(input: { everywhere: true }) }',
      {},
      { headers: { ...headers, cookie: client.jar.header } },
    );
    const session = await server.em().findOneOrFail(Session, { user: client.userId });
    expect([session.refreshCounter, session.revokedAt ?? null]).toEqual([0, null]);
  });

  it('do not count with GET, from whatever origin', async () => {
    const client = await signedUpWithCookies(server);
    const headers = { origin: FRONTEND, cookie: client.jar.header, 'apollo-require-preflight': '1' };
    const response = await fetch(`${server.url}/graphql?query={me{id}}`, { headers });
    expect(refusalOf((await response.json()) as never)).toBe('FORBIDDEN');
  });

  it('of another origin do not get into the way of public fields', async () => {
    const client = await signedUpWithCookies(server);
    const { data } = await client.call('{ serverInfo { signupEnabled } }', {}, { origin: 'https://evil.example' });
    expect(data).toEqual({ serverInfo: { signupEnabled: true } });
  });
});

/** What a page can send without a preflight: the request is made, and its cookies come along. */
describe('a request that needs no preflight', () => {
  const logout = JSON.stringify({ query: 'mutation { logout(input: { everywhere: true }) }' });

  /** @see apollographql/apollo-server#7751 */
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'a mutation as %j is refused and does not run',
    async (type) => {
      const client = await signedUpWithCookies(server);
      const headers = { origin: FRONTEND, cookie: client.jar.header, 'content-type': type };
      const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: Buffer.from(logout) });
      const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
      expect([response.status, errors[0]?.extensions]).toEqual([400, expect.objectContaining({ code: 'BAD_REQUEST' })]);
      expect((await client.me()).data).toEqual({ me: { id: client.userId } });
    },
  );

  it('a query over GET is refused with a hint at the header that permits it', async () => {
    const url = `${server.url}/graphql?query={__typename}`;
    const refused = await fetch(url);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/apollo-require-preflight/i)]);
    const permitted = await fetch(url, { headers: { 'apollo-require-preflight': '1' } });
    expect([permitted.status, await permitted.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it.each<Record<string, string>>([{}, { 'apollo-require-preflight': '1' }])(
    'a mutation over GET never runs, with %j',
    async (extra) => {
      const client = await signedUpWithCookies(server);
      const headers = { origin: FRONTEND, cookie: client.jar.header, ...extra };
      const query = encodeURIComponent('mutation { logout(input: { everywhere: true }) }');
      const response = await fetch(`${server.url}/graphql?query=${query}`, { headers });
      expect([400, 405]).toContain(response.status);
      expect((await client.me()).data).toEqual({ me: { id: client.userId } });
    },
  );
});
