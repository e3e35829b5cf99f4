import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { cookieNames } from '../../src/auth/cookie-settings.js';
import { failureOf, Latchkey } from '../../clients/apollo/src/index.js';
import { latchkeyForRequest } from '../../clients/apollo/src/server.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { FRONTEND } from '../cookies/cookie-client.js';
import { newEmail, PASSWORD } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { Browser, type Tab } from './browser.js';
import { ME } from './operations.js';

describe('rendering on a server with the cookies of a request', () => {
  let server: TestServer;
  let browser: Browser;
  let tab: Tab;
  let email: string;

  beforeAll(async () => {
    server = await TestServer.start();
    server.clock.freeze();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    browser = new Browser(server, 'COOKIE');
    tab = browser.open();
    email = newEmail();
    await tab.latchkey.signup({ email, password: PASSWORD });
  });
  afterEach(() => browser.close());

  /** What the frontend's server does for one request, with a client of its own. */
  function render(onSetCookie?: (lines: readonly string[]) => void) {
    const { uri, jar } = browser;
    const latchkey = latchkeyForRequest({
      uri,
      cookies: jar.header,
      origin: FRONTEND,
      ...(onSetCookie && { onSetCookie }),
    });
    const link = latchkey.link.concat(new HttpLink({ uri }));
    const client = new ApolloClient({ ssrMode: true, link, cache: new InMemoryCache() });
    return { latchkey, me: async () => (await client.query({ query: ME })).data?.me };
  }

  it('is done as whoever the browser is signed in as', async () => {
    const { latchkey, me } = render();
    expect((await latchkey.currentUser())?.email).toBe(email);
    expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
  });

  it('is done as nobody without cookies', async () => {
    const latchkey = latchkeyForRequest({ uri: browser.uri, cookies: undefined, origin: FRONTEND });
    expect(await latchkey.currentUser()).toBeNull();
  });

  it.each(['past its end', 'dropped by the browser'])(
    'refreshes nothing when the successor would be lost: access token %s',
    async (how) => {
      if (how === 'past its end') server.clock.advance(1000);
      else browser.jar.drop('latchkey-access');
      const { latchkey, me } = render();
      expect(await latchkey.currentUser().catch(failureOf)).toMatchObject({ action: 'REFRESH' });
      expect(await me().catch(failureOf)).toMatchObject({ action: 'REFRESH' });
      browser.forgetSent();
      expect((await tab.client.query({ query: ME })).data?.me.id).toBe(tab.latchkey.user?.id);
      expect(browser.count('LatchkeyRefresh')).toBe(1);
    },
  );

  it('refreshes once where the new cookies reach the browser, which then goes on with them', async () => {
    server.clock.advance(1000);
    browser.jar.drop('latchkey-access');
    const { latchkey, me } = render((lines) => {
      browser.jar.receive(answerWith(lines));
    });
    expect((await latchkey.currentUser())?.email).toBe(email);
    expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
    expect(browser.jar.tokenNames()).toEqual(['latchkey-access', 'latchkey-refresh']);

    // Past the grace period of what the browser had before.
    server.clock.advance(600);
    const reopened = browser.open();
    expect((await reopened.latchkey.currentUser())?.email).toBe(email);
    expect(reopened.sent).toEqual(['LatchkeyMe']);
  });

  it('passes on that the cookies are over', async () => {
    server.clock.advance(31 * 86_400);
    const jar = new CookieJar();
    const told: string[] = [];
    const { latchkey } = render((lines) => told.push(...lines));
    expect(await latchkey.currentUser()).toBeNull();
    jar.receive(answerWith(told));
    expect(told.map((line) => line.split(';')[0])).toEqual(['latchkey-access=', 'latchkey-refresh=']);
    expect(jar.tokenNames()).toEqual([]);
  });

  describe('with cookies of others, and links that lead elsewhere', () => {
    let received: Headers[];
    /** Stands for Latchkey and for any other service. */
    const fetch = (input: unknown, init?: RequestInit) => {
      received.push(new Headers({ ...(init?.headers as Record<string, string>), target: String(input) }));
      return Promise.resolve(Response.json({ data: null, errors: [{ message: 'Elsewhere.' }] }));
    };
    beforeEach(() => (received = []));

    const sentThrough = async (httpUri: string, context: Record<string, unknown> = {}) => {
      const cookies = `shop=1; ${browser.jar.header}; latchkey-accessory=2; __Host-latchkey-access=3`;
      const latchkey = latchkeyForRequest({ uri: browser.uri, cookies, origin: FRONTEND, fetch });
      const link = latchkey.link.concat(new HttpLink({ uri: httpUri, fetch }));
      const client = new ApolloClient({ ssrMode: true, link, cache: new InMemoryCache() });
      await client.query({ query: ME, context, errorPolicy: 'all' });
      return received.map((headers) => [headers.get('target'), headers.get('cookie'), headers.get('origin')]);
    };

    it('only those of Latchkey are sent, and to Latchkey', async () => {
      const own = `${browser.jar.header}; __Host-latchkey-access=3`;
      expect(await sentThrough(browser.uri)).toEqual([[browser.uri, own, FRONTEND]]);
      const neighbour = new URL('/other', browser.uri).href;
      received = [];
      expect(await sentThrough(browser.uri, { uri: neighbour })).toEqual([[neighbour, own, FRONTEND]]);
    });

    it.each([{ COOKIE_SECURE: false }, { COOKIE_SECURE: true }, { COOKIE_SECURE: true, COOKIE_DOMAIN: 'example.com' }])(
      'every cookie that the server sets is sent to it: %j',
      async (settings) => {
        const names = Object.values(cookieNames({ COOKIE_SAMESITE: 'lax', COOKIE_DOMAIN: undefined, ...settings }));
        const cookies = names.map((name) => `${name}=1`).join('; ');
        await latchkeyForRequest({ uri: browser.uri, cookies, origin: FRONTEND, fetch }).currentUser().catch(failureOf);
        expect(received.map((headers) => headers.get('cookie'))).toEqual([cookies]);
      },
    );

    it.each(['http://127.0.0.1:9/graphql', 'https://api.example.com/graphql', '/graphql', 'nonsense'])(
      'no operation with them goes to %s',
      async (elsewhere) => {
        expect(await sentThrough(browser.uri, { uri: elsewhere })).toEqual([[elsewhere, null, null]]);
        received = [];
        expect(await sentThrough(browser.uri, { uri: () => elsewhere })).toMatchObject([
          [expect.anything(), null, null],
        ]);
        received = [];
        // Where the link behind leads to cannot be seen.
        expect(await sentThrough(elsewhere)).toMatchObject([[browser.uri, expect.anything(), FRONTEND]]);
      },
    );

    describe('a redirect to another host', () => {
      const visited: string[] = [];
      const other = createServer((request, response) => {
        visited.push(request.headers.cookie ?? 'no cookie');
        response.setHeader('set-cookie', 'latchkey-access=planted').end('{"data":{"me":null}}');
      });
      const leading = createServer((_request, response) => {
        response.writeHead(307, { location: `http://127.0.0.1:${portOf(other)}/graphql` }).end();
      });
      beforeAll(async () => {
        for (const host of [other, leading]) await once(host.listen(0, '127.0.0.1'), 'listening');
      });
      afterAll(() => {
        for (const host of [other, leading]) host.close();
      });

      it('is not followed: its cookies would become those of the browser', async () => {
        const told: string[] = [];
        const uri = `http://127.0.0.1:${portOf(leading)}/graphql`;
        const onSetCookie = (lines: readonly string[]) => told.push(...lines);
        const latchkey = latchkeyForRequest({ uri, cookies: browser.jar.header, origin: FRONTEND, onSetCookie });
        const client = new ApolloClient({
          link: latchkey.link.concat(new HttpLink({ uri })),
          cache: new InMemoryCache(),
        });
        const failures = [
          await latchkey.currentUser().catch(failureOf),
          await client.query({ query: ME }).catch(failureOf),
        ];
        expect(failures).toEqual(Array.from({ length: 2 }, () => ({ code: 'UNREACHABLE', action: 'RETRY' })));
        expect({ visited, told }).toEqual({ visited: [], told: [] });
      });
    });

    it('two of one name stay two, for the server to refuse', async () => {
      const cookies = `latchkey-access=planted; ${browser.jar.header}`;
      const latchkey = latchkeyForRequest({ uri: browser.uri, cookies, origin: FRONTEND });
      expect(await latchkey.currentUser().catch(failureOf)).toMatchObject({ reason: 'TOKEN_INVALID' });
    });

    it('two of one name are one again after a refresh', async () => {
      const cookies = `latchkey-access=planted; ${browser.jar.header}`;
      const told: string[] = [];
      const latchkey = latchkeyForRequest({
        uri: browser.uri,
        cookies,
        origin: FRONTEND,
        onSetCookie: (lines) => told.push(...lines),
      });
      expect((await latchkey.currentUser())?.email).toBe(email);
      expect(told).toContainEqual(expect.stringMatching(/^latchkey-access=; Path=\/graphql;/));
    });
  });

  it('tells the page in the browser who it is, which then does not ask again', async () => {
    const user = await render().latchkey.currentUser();
    let asked = 0;
    const fetch = () => Promise.reject(new Error(`asked ${++asked} times`));
    const latchkey = new Latchkey({ uri: browser.uri, transport: 'COOKIE', user, fetch });
    expect([latchkey.user, await latchkey.currentUser(), asked]).toEqual([user, user, 0]);
    latchkey.close();
  });
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function answerWith(setCookies: readonly string[]): { headers: Headers } {
  const headers = new Headers();
  for (const line of setCookies) headers.append('set-cookie', line);
  return { headers };
}
