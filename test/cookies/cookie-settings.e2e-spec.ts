import type { SetCookie } from 'cookie';
import { TestServer } from '../support/test-server.js';
import { CookieClient, FRONTEND, signedUpWithCookies } from './cookie-client.js';
import { tokenCookiesOf } from './cookie-jar.js';

const HTTPS = { PUBLIC_URL: 'https://auth.example.com', COOKIE_SECURE: 'true' };
const DOMAIN = { ...HTTPS, COOKIE_DOMAIN: 'example.com' };

interface Setting {
  name: string;
  env: Record<string, string>;
  prefix: string;
  attributes: Record<string, unknown>;
}

const SETTINGS: Setting[] = [
  { name: 'plain http on localhost', env: {}, prefix: '', attributes: { sameSite: 'lax' } },
  { name: 'COOKIE_SECURE', env: HTTPS, prefix: '__Host-', attributes: { secure: true, sameSite: 'lax' } },
  {
    name: 'COOKIE_DOMAIN',
    env: DOMAIN,
    prefix: '__Secure-',
    attributes: { secure: true, sameSite: 'lax', domain: 'example.com' },
  },
  {
    name: 'COOKIE_SAMESITE=strict',
    env: { ...HTTPS, COOKIE_SAMESITE: 'strict' },
    prefix: '__Host-',
    attributes: { secure: true, sameSite: 'strict' },
  },
  {
    name: 'COOKIE_SAMESITE=none and COOKIE_DOMAIN',
    env: { ...DOMAIN, COOKIE_SAMESITE: 'none' },
    prefix: '__Secure-',
    attributes: { secure: true, sameSite: 'none', domain: 'example.com' },
  },
];

describe.each(SETTINGS)('with $name', ({ env, prefix, attributes }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env });
  });
  afterAll(() => server.stop());

  const names = [`${prefix}latchkey-access`, `${prefix}latchkey-refresh`];

  it(`the cookies are called ${prefix}latchkey-…, and carry these attributes and no others`, async () => {
    const answer = await new CookieClient(server).signUp();
    expect(tokenCookiesOf(answer).map(withoutMoment)).toEqual(
      names.map((name) => ({ name, httpOnly: true, path: '/', ...attributes })),
    );
  });

  /** @see expressjs/express#691, payloadcms/payload#351 */
  it('logout clears every cookie with the attributes that set it, so that a browser forgets it', async () => {
    const client = new CookieClient(server);
    const set = tokenCookiesOf(await client.signUp());
    const cleared = tokenCookiesOf(await client.call('mutation { logout }'));
    expect(cleared.map(withoutMoment)).toEqual(set.map(withoutMoment));
    expect(cleared.map(({ value, expires }) => [value, expires?.getTime()])).toEqual(set.map(() => ['', 0]));
    expect(client.jar.tokenNames()).toEqual([]);
  });

  it('the cookies sign in and refresh', async () => {
    const client = await signedUpWithCookies(server);
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });
    expect((await client.refresh()).data?.refresh.user).toEqual({ id: client.userId });
    expect(client.jar.tokenNames()).toEqual(names);
  });

  it('cookies under other names are nobody', async () => {
    const client = await signedUpWithCookies(server);
    const token = client.jar.value(names[0] ?? '');
    const others = ['', '__Host-', '__Secure-'].filter((other) => other !== prefix);
    const cookie = others.map((other) => `${other}latchkey-access=${token}`).join('; ');
    expect((await client.me({ origin: FRONTEND, cookie })).errors[0]?.extensions.reason).toBe('TOKEN_MISSING');
  });
});

/** @see graphql-hive/graphql-yoga#472, expressjs/session#281 */
describe.each(['0', '1'])('behind a proxy that ends TLS, with TRUST_PROXY=%s', (TRUST_PROXY) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { ...HTTPS, TRUST_PROXY } });
  });
  afterAll(() => server.stop());

  it.each([{}, { 'x-forwarded-proto': 'https' }, { 'x-forwarded-proto': 'http' }])(
    'Secure cookies are set, whatever the proxy says of the outside: %j',
    async (forwarded) => {
      const client = new CookieClient(server, { origin: FRONTEND, ...forwarded });
      const answer = await client.signUp();
      expect(answer.status).toBe(200);
      expect(tokenCookiesOf(answer).map(({ name, secure }) => [name, secure])).toEqual([
        ['__Host-latchkey-access', true],
        ['__Host-latchkey-refresh', true],
      ]);
    },
  );
});

/** Of a cookie all but its value and how long it lasts. */
function withoutMoment(cookie: SetCookie): object {
  const moment = ['value', 'maxAge', 'expires'];
  return Object.fromEntries(Object.entries(cookie).filter(([name]) => !moment.includes(name)));
}
