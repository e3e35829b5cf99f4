import Database from 'better-sqlite3';
import { Client } from 'pg';
import { Session } from '../../src/sessions/session.entity.js';
import { PASSWORD, refresh, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { CookieClient, FRONTEND, signedUpWithCookies } from './cookie-client.js';
import { tokenCookiesOf } from './cookie-jar.js';

const NAMES = ['latchkey-access', 'latchkey-refresh'];
const NO_TOKENS = { accessToken: null, refreshToken: null };

describe('with transport COOKIE', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
    server.clock.freeze();
  });
  afterAll(() => server.stop());

  /** @see nestjs/graphql#119, gdslab/data-to-science#362: a cookie without Max-Age is lost with the window. */
  it.each(['signup', 'login', 'refresh'])(
    '%s sets one cookie for each token, and the payload has none',
    async (name) => {
      const client = new CookieClient(server);
      const signedUp = await client.signUp();
      const answer = name === 'signup' ? signedUp : name === 'login' ? await client.logIn() : await client.refresh();
      expect(answer.data).toEqual({ [name]: expect.objectContaining(NO_TOKENS) });
      const attributes = { httpOnly: true, sameSite: 'lax', path: '/', expires: expect.any(Date) };
      expect(tokenCookiesOf(answer)).toEqual([
        { name: 'latchkey-access', value: expect.stringMatching(/^ey/), maxAge: 900, ...attributes },
        { name: 'latchkey-refresh', value: expect.stringMatching(/^lkr_/), maxAge: 30 * 86_400, ...attributes },
      ]);
      expect(answer.text).not.toMatch(/lkr_|eyJ/);
    },
  );

  it('the cookie ends with the session, not after it', async () => {
    const client = await signedUpWithCookies(server);
    const nearTheEnd = server.clock.now().getTime() + 300_000;
    const createdAt = new Date(nearTheEnd - server.env.SESSION_MAX_AGE * 1000);
    await server.em().nativeUpdate(Session, { user: client.userId }, { createdAt });
    expect(tokenCookiesOf(await client.refresh()).map(({ maxAge }) => maxAge)).toEqual([300, 300]);
  });

  it('the cookies sign in, a refresh replaces them, and a logout ends both cookies and session', async () => {
    const client = await signedUpWithCookies(server);
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });

    const [oldAccess, oldRefresh] = NAMES.map((name) => client.jar.value(name));
    server.clock.advance(1);
    await client.refresh();
    expect(NAMES.map((name) => client.jar.value(name))).not.toEqual([oldAccess, oldRefresh]);
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });

    const [access, refreshToken] = NAMES.map((name) => client.jar.value(name) ?? '');
    expect((await client.call('mutation { logout }')).data).toEqual({ logout: true });
    expect(client.jar.tokenNames()).toEqual([]);
    expect(refusalOf(await client.me())).toBe('UNAUTHENTICATED/TOKEN_MISSING');
    expect(await whoAmI(server, access)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, refreshToken ?? ''))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
  });

  it('an expired access cookie is refreshed by the refresh cookie alone', async () => {
    const client = await signedUpWithCookies(server);
    server.clock.advance(1000);
    expect(refusalOf(await client.me())).toBe('UNAUTHENTICATED/TOKEN_EXPIRED');
    expect((await client.refresh()).data?.refresh.user).toEqual({ id: client.userId });
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });
  });

  it('once the browser has dropped the access cookie, the action is REFRESH for whoever still has the other', async () => {
    const client = await signedUpWithCookies(server);
    const cookie = `latchkey-refresh=${client.jar.value('latchkey-refresh')}`;
    const missing = async (headers: Record<string, string>) => (await client.me(headers)).errors[0]?.extensions;
    const refusal = { code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' };
    expect(await missing({ origin: FRONTEND, cookie })).toMatchObject({ ...refusal, action: 'REFRESH' });
    for (const none of ['', 'latchkey-refresh=']) {
      expect(await missing({ origin: FRONTEND, cookie: none })).toMatchObject({ ...refusal, action: 'LOGIN' });
    }
    expect(await missing({ origin: 'https://elsewhere.example', cookie })).toMatchObject({
      ...refusal,
      action: 'LOGIN',
    });
  });

  it('a failed login or signup sets no cookie and ends none', async () => {
    const client = await signedUpWithCookies(server);
    const before = client.jar.header;
    const failed = await client.logIn('not the password at all');
    expect([refusalOf(failed), failed.headers.getSetCookie()]).toEqual(['INVALID_CREDENTIALS', []]);
    const taken = await client.signUp();
    expect([refusalOf(taken), taken.headers.getSetCookie()]).toEqual(['EMAIL_TAKEN', []]);
    expect(client.jar.header).toBe(before);
  });

  it('with transport BODY no token is in a cookie, also when cookies came in', async () => {
    const client = await signedUpWithCookies(server);
    const input = { email: client.email, password: PASSWORD, transport: 'BODY' };
    const answer = await client.call<{ login: { refreshToken: string } }>(
      'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken } } }',
      { input },
    );
    expect([answer.data?.login.refreshToken, tokenCookiesOf(answer)]).toEqual([expect.stringMatching(/^lkr_/), []]);
    const { headers, data } = await refresh(server, answer.data?.login.refreshToken ?? '');
    expect([data?.refresh.refreshToken, headers.getSetCookie()]).toEqual([expect.stringMatching(/^lkr_/), []]);
  });

  it('an Authorization header wins over the cookies, good or bad', async () => {
    const client = await signedUpWithCookies(server);
    const other = await signUp(server);
    const origin = FRONTEND;
    expect((await client.me({ origin, authorization: `Bearer ${other.accessToken}` })).data).toEqual({
      me: { id: other.id },
    });
    expect(refusalOf(await client.me({ origin, authorization: 'Bearer broken' }))).toBe(
      'UNAUTHENTICATED/TOKEN_INVALID',
    );
  });

  it('a refresh token in the input wins over the cookie, and is answered in the body', async () => {
    const client = await signedUpWithCookies(server);
    const other = await signUp(server);
    const answer = await client.call<{ refresh: { refreshToken: string; user: { id: string } } }>(
      'mutation ($token: String) { refresh(input: { refreshToken: $token }) { refreshToken user { id } } }',
      { token: other.refreshToken },
    );
    expect(answer.data?.refresh).toEqual({ refreshToken: expect.stringMatching(/^lkr_/), user: { id: other.id } });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('a refused refresh clears the cookies', async () => {
    const client = await signedUpWithCookies(server);
    await server.em().nativeUpdate(Session, { user: client.userId }, { revokedAt: server.clock.now() });
    expect(refusalOf(await client.refresh())).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(client.jar.tokenNames()).toEqual([]);
  });

  it('a logout clears the cookies with nothing to end, with broken cookies, and twice', async () => {
    const client = new CookieClient(server);
    for (const cookie of ['', 'latchkey-access=x; latchkey-refresh=y', 'latchkey-access=%E0%A4%A; =; ;;']) {
      const answer = await client.call('mutation { logout }', {}, { origin: FRONTEND, cookie });
      expect(answer.data).toEqual({ logout: true });
      expect(tokenCookiesOf(answer).map(({ name, value }) => [name, value])).toEqual(NAMES.map((name) => [name, '']));
    }
  });
});

describe('while the database is busy', () => {
  it('a refresh keeps the cookies, so that the next try succeeds', async () => {
    const database = await temporaryDatabaseUrl();
    const server = await TestServer.start({ databaseUrl: database, env: { DATABASE_LOCK_TIMEOUT: '1s' } });
    const client = await signedUpWithCookies(server);
    const before = client.jar.header;

    const release = await lockSessions(server, database);
    const refused = await client.refresh();
    await release();
    expect([refusalOf(refused), refused.errors[0]?.extensions.action]).toEqual(['SERVICE_UNAVAILABLE', 'RETRY']);
    expect([refused.headers.getSetCookie(), client.jar.header]).toEqual([[], before]);
    expect((await client.refresh()).data?.refresh.user).toEqual({ id: client.userId });

    await server.stop();
    await dropDatabase(database);
  });
});

/** Takes the lock that a rotation needs, from another connection. The server waits for it a second at most. */
async function lockSessions(server: TestServer, databaseUrl: string): Promise<() => Promise<void>> {
  if (testEngine === 'sqlite') {
    await server.em().getConnection().execute('pragma busy_timeout = 100');
    const other = new Database(databaseUrl.slice('sqlite:'.length));
    other.exec('begin immediate');
    return async () => void other.close();
  }
  const other = new Client({ connectionString: databaseUrl });
  await other.connect();
  await other.query('begin; lock table sessions in exclusive mode');
  return () => other.end();
}
