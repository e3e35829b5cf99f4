import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
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

  it('tells the page in the browser who it is, which then does not ask again', async () => {
    const user = await render().latchkey.currentUser();
    let asked = 0;
    const fetch = () => Promise.reject(new Error(`asked ${++asked} times`));
    const latchkey = new Latchkey({ uri: browser.uri, transport: 'COOKIE', user, fetch });
    expect([latchkey.user, await latchkey.currentUser(), asked]).toEqual([user, user, 0]);
    latchkey.close();
  });
});

function answerWith(setCookies: readonly string[]): { headers: Headers } {
  const headers = new Headers();
  for (const line of setCookies) headers.append('set-cookie', line);
  return { headers };
}
