import { PASSWORD, signUp } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { type CookieClient, FRONTEND, signedUpWithCookies } from './cookie-client.js';

/** With COOKIE_DOMAIN a neighbouring host can set cookies that this one receives: for its own part of the paths, beside ours. */
const ENV = {
  PUBLIC_URL: 'https://auth.example.com/base',
  CORS_ORIGINS: FRONTEND,
  COOKIE_DOMAIN: 'example.com',
  COOKIE_SECURE: 'true',
};
const [ACCESS, REFRESH, DEVICE] = ['access', 'refresh', 'device'].map((name) => `__Secure-latchkey-${name}`);

describe('two cookies of one name', () => {
  let server: TestServer;
  let client: CookieClient & { userId: string };
  let planted: CookieClient & { userId: string };
  beforeAll(async () => {
    server = await TestServer.start({ env: ENV });
    [client, planted] = [await signedUpWithCookies(server), await signedUpWithCookies(server)];
  });
  afterAll(() => server.stop());

  /** Ways in which a second cookie arrives: browsers send the one with the longer path first, others send any. */
  const twins = (name = '') => {
    const [ours, theirs] = [client, planted].map(({ jar }) => `${name}=${jar.value(name)}`);
    const others = client.jar.header.split('; ').filter((pair) => !pair.startsWith(`${name}=`));
    return [
      [theirs, ours],
      [ours, theirs],
      [` ${theirs} `, `  ${ours}`],
      [theirs, ours, ours],
      [theirs, ours, theirs],
      [ours, theirs, `${name}=`, ours],
      [`${name}=x`, ours],
      [ours, `${name}="x"`],
    ].map((pairs) => [...pairs, ...others].join(';'));
  };
  const from = (cookie: string) => ({ origin: FRONTEND, cookie });

  it('are refused as an access token, whichever comes first', async () => {
    for (const cookie of twins(ACCESS)) {
      expect(refusalOf(await client.me(from(cookie)))).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    }
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });
  });

  it('are one when they have the same value', async () => {
    const twice = `${client.jar.header}; ${client.jar.header}`;
    expect((await client.me(from(twice))).data).toEqual({ me: { id: client.userId } });
  });

  it('are no refresh token, and use none up', async () => {
    for (const cookie of twins(REFRESH)) {
      const refused = await server.call('mutation { refresh { expiresIn } }', {}, { headers: from(cookie) });
      expect(refusalOf(refused)).toBe('UNAUTHENTICATED/REFRESH_TOKEN_MISSING');
    }
    const withoutAccess = twins(REFRESH).map((cookie) => cookie.replace(`${ACCESS}=`, 'other='));
    for (const cookie of withoutAccess) {
      const refused = await client.me(from(cookie));
      expect([refusalOf(refused), refused.errors[0]?.extensions.action]).toEqual([
        'UNAUTHENTICATED/TOKEN_MISSING',
        'LOGIN',
      ]);
    }
    expect((await client.refresh()).data?.refresh.user).toEqual({ id: client.userId });
    expect((await planted.refresh()).data?.refresh.user).toEqual({ id: planted.userId });
  });

  it('end no session by a logout, nor by a sign-in', async () => {
    const stranger = await signUp(server);
    for (const cookie of twins(ACCESS).map((text) => text.replace(REFRESH ?? '', 'other'))) {
      await server.call('mutation { logout }', {}, { headers: from(cookie) });
      const input = { email: stranger.email, password: PASSWORD, transport: 'COOKIE' };
      await server.call(
        'mutation ($input: LoginInput!) { login(input: $input) { __typename } }',
        { input },
        { headers: from(cookie) },
      );
    }
    for (const { jar, userId } of [client, planted]) expect(await whoAmI(server, jar.value(ACCESS ?? ''))).toBe(userId);
  });

  it('are no known device', async () => {
    const [ours = ''] = [client.jar.value(DEVICE ?? '')];
    const remembered = async (cookie: string) => {
      const answer = await server.call(
        'mutation ($input: LoginInput!) { login(input: $input) { __typename } }',
        { input: { email: client.email, password: PASSWORD } },
        { headers: from(cookie) },
      );
      return answer.headers.getSetCookie().some((line) => line.startsWith(`${DEVICE}=${ours};`));
    };
    expect(await remembered(`${DEVICE}=${ours}`)).toBe(true);
    for (const cookie of twins(DEVICE)) expect(await remembered(cookie)).toBe(false);
  });

  it.each(['logout', 'refresh { expiresIn }'])('are cleared on every path that leads here, by %s', async (field) => {
    const cleared = async (cookie: string) => {
      const { headers } = await server.call(`mutation { ${field} }`, {}, { headers: from(cookie) });
      return headers.getSetCookie().filter((line) => line.startsWith(`${REFRESH}=;`));
    };
    const lines = await cleared(twins(REFRESH)[0] ?? '');
    const paths = lines.map((line) => /Path=([^;]+)/.exec(line)?.[1]);
    expect(paths.filter((path) => path !== '/')).toEqual(['/base', '/base/', '/base/graphql']);
    expect(lines.every((line) => line.includes('Domain=example.com'))).toBe(true);
    const ordinary = await cleared(`${REFRESH}=x`);
    expect(ordinary.map((line) => /Path=([^;]+)/.exec(line)?.[1])).toEqual(['/']);
  });

  it('count as nothing from a strange origin, as one does', async () => {
    for (const cookie of twins(ACCESS)) {
      expect(refusalOf(await client.me({ origin: 'https://evil.example', cookie }))).toBe('FORBIDDEN');
    }
  });
});
