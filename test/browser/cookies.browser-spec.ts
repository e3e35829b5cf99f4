import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Page, Request } from 'playwright-core';
import { freePort } from '../support/free-port.js';
import { BrowserProfile } from './support/chromium.js';
import { endpointOf, Stage, type Visitor } from './support/stage.js';

const RENAME = 'mutation { updateProfile(input: { name: "Mallory" }) { id } }';
const MUTATIONS = [RENAME, 'mutation { logout(input: { everywhere: true }) }', 'mutation { revokeOtherSessions }'];

const ATTACKER = readFileSync(new URL('support/attacker.html', import.meta.url));

/** What the attacker's page offers. */
declare const attacks: Record<string, (endpoint: string, query: string) => Promise<void>>;
declare const read: (endpoint: string) => Promise<string[]>;

const ATTACKS = [
  'a form',
  'a form of plain text that reads as JSON',
  'a form with parts, as for an upload',
  'fetch of plain text',
  'fetch without a type',
  'fetch of JSON, which asks for leave first',
  'a beacon',
  'an image',
  'an image that says it has asked for leave',
];

/** `SameSite=Lax` alone stops what comes from another site. With None nothing but the server's own rules does. */
describe.each([
  ['lax', {}],
  ['none', { COOKIE_SAMESITE: 'none', COOKIE_SECURE: 'true' }],
])('a page of somebody else, with SameSite=%s', (sameSite, env: Record<string, string>) => {
  let stage: Stage;
  let profile: BrowserProfile;
  let ada: Visitor;
  let evil: Server;
  let evilPort: number;

  beforeAll(async () => {
    stage = await Stage.start('COOKIE', () => env);
    evilPort = await freePort();
    evil = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(ATTACKER));
    await new Promise<void>((resolve) => evil.listen(evilPort, resolve));
    profile = await BrowserProfile.create({ thirdPartyCookies: true });
    ada = await stage.visit(await profile.open());
    await ada.signUp();
  });
  afterAll(async () => {
    evil.close();
    await stage.leave();
    await profile.remove();
    await stage.stop();
  });

  describe.each([
    ['of another site', '127.0.0.1'],
    ['of the same site', 'localhost'],
  ])('%s', (_where, host) => {
    let page: Page;
    const requests: Request[] = [];

    beforeAll(async () => {
      page = await ada.context.newPage();
      page.on('request', (request) => request.url().startsWith(endpointOf(stage.server)) && requests.push(request));
      await page.goto(`http://${host}:${evilPort}/`);
    });
    afterAll(() => page.close());

    it('tries all that it knows', async () => {
      expect(await page.evaluate(() => Object.keys(attacks))).toEqual(ATTACKS);
    });

    it.each(ATTACKS)('changes nothing by %s', async (name) => {
      requests.length = 0;
      for (const query of MUTATIONS) {
        const attempt = [name, endpointOf(stage.server), query] as const;
        await page.evaluate(([attack, endpoint, document]) => attacks[attack]?.(endpoint, document), attempt);
      }
      expect(requests.length).toBe(MUTATIONS.length);
      await ada.page.reload();
      // Signed in as before, and called as before.
      await ada.sees('Your profile');
    });

    it('reads nothing', async () => {
      const nothing = 'TypeError';
      expect(await page.evaluate((endpoint) => read(endpoint), endpointOf(stage.server))).toEqual([
        nothing,
        nothing,
        nothing,
      ]);
    });

    it(`${sameSite === 'none' || host === 'localhost' ? 'did' : 'did not'} have the cookies sent`, async () => {
      const [request] = await Promise.all([
        page.waitForRequest((sent) => sent.method() === 'POST'),
        page.evaluate((endpoint) => attacks['a form']?.(endpoint, '{ __typename }'), endpointOf(stage.server)),
      ]);
      const isSent = (await request.allHeaders())['cookie']?.includes('latchkey-access') ?? false;
      expect(isSent).toBe(sameSite === 'none' || host === 'localhost');
    });
  });

  it('and the same request from the frontend is obeyed', async () => {
    const data: unknown = await ada.page.evaluate(
      async ([endpoint, query]) => {
        const headers = { 'content-type': 'application/json' };
        const init = { method: 'POST', credentials: 'include' as const, headers, body: JSON.stringify({ query }) };
        return (await fetch(endpoint, init)).json();
      },
      [endpointOf(stage.server), RENAME] as const,
    );
    expect(data).toEqual({ data: { updateProfile: { id: expect.any(String) } } });
    await ada.page.reload();
    await ada.sees('Hello, Mallory');
  });
});

describe('a frontend on another site', () => {
  const CROSS_SITE = { COOKIE_SAMESITE: 'none', COOKIE_SECURE: 'true' };
  let stage: Stage | undefined;
  let profile: BrowserProfile;
  afterEach(async () => {
    await stage?.leave();
    await profile.remove();
    await stage?.stop();
  });

  async function visit(env: (frontend: string) => Record<string, string>, thirdPartyCookies = true): Promise<Visitor> {
    profile = await BrowserProfile.create({ thirdPartyCookies });
    stage = await Stage.start('COOKIE', env, '127.0.0.1');
    return stage.visit(await profile.open());
  }

  it('that is listed signs in, stays signed in and logs out by cookies', async () => {
    const ada = await visit((frontend) => ({ ...CROSS_SITE, CORS_ORIGINS: frontend }));
    await ada.signUp();
    await ada.page.reload();
    await ada.sees('Your profile');
    const cookies = (await ada.context.cookies(stage?.server.url.replace('127.0.0.1', 'localhost'))).filter(
      ({ name }) => !name.endsWith('device'),
    );
    expect(cookies.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite }))).toEqual([
      { name: '__Host-latchkey-access', httpOnly: true, secure: true, sameSite: 'None' },
      { name: '__Host-latchkey-refresh', httpOnly: true, secure: true, sameSite: 'None' },
    ]);
    await ada.press('Log out');
    await ada.sees('Sign in');
    await ada.page.reload();
    await ada.sees('Sign in');
  });

  it('says what to do in a browser that keeps no cookies of other sites', async () => {
    const ada = await visit((frontend) => ({ ...CROSS_SITE, CORS_ORIGINS: frontend }), false);
    await ada.signUp();
    await ada.follow('Sessions');
    await ada.reads('Your browser keeps no cookies for this page. Allow them, then sign in again.');
  });

  it('that is not listed is told nothing', async () => {
    const ada = await visit(() => ({ ...CROSS_SITE, CORS_ORIGINS: 'https://app.example.com' }));
    await ada.goto('/');
    await ada.sees('No connection');
  });
});
