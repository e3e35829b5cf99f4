import { randomBytes } from 'node:crypto';
import { parseSetCookie } from 'cookie';
import { WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { PASSWORD, signUp, type TestUser } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken } } }';
const DEVICE = 'latchkey-device';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { RATE_LIMITS_ENABLED: 'true' } });
});
afterAll(() => server.stop());

interface Login {
  email: string;
  password?: string;
  cookie?: string;
  input?: Record<string, unknown>;
}

const login = ({ email, password = PASSWORD, cookie = '', input = {} }: Login) =>
  server.call<{ login: { refreshToken: string } }>(
    LOGIN,
    { input: { email, password, ...input } },
    { headers: { cookie } },
  );

const deviceCookieOf = (answer: GraphQLAnswer<unknown>) =>
  answer.headers
    .getSetCookie()
    .map((line) => parseSetCookie(line))
    .find(({ name }) => name === DEVICE);

/** A user, and a device of theirs. Everybody in this file has the same address. */
async function deviceOf(user?: TestUser): Promise<{ user: TestUser; cookie: string; refreshToken: string }> {
  const owner = user ?? (await signUp(server));
  const answer = await login({ email: owner.email });
  const cookie = `${DEVICE}=${deviceCookieOf(answer)?.value ?? ''}`;
  return { user: owner, cookie, refreshToken: answer.data?.login.refreshToken ?? '' };
}

async function attack(email: string, cookie = ''): Promise<void> {
  for (let guess = 0; guess < WRONG_PASSWORDS.account.atOnce; guess++) {
    await login({ email, password: 'not the password', cookie });
  }
}

const outcome = async (attempt: Login) => refusalOf(await login(attempt)) ?? 'in';

describe('a device that signed in before', () => {
  it('gets in while a stranger at the same address is refused', async () => {
    const { user, cookie } = await deviceOf();
    await attack(user.email);
    expect(await outcome({ email: user.email })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email, cookie })).toBe('in');
  });

  it('gets in with a refresh token that it had, also of an ended session, as argument and as cookie', async () => {
    const { user, refreshToken } = await deviceOf();
    const logout = 'mutation ($token: String) { logout(input: { refreshToken: $token }) }';
    await server.call(logout, { token: refreshToken });
    await attack(user.email);
    expect(await outcome({ email: user.email, input: { refreshToken } })).toBe('in');
    expect(await outcome({ email: user.email, cookie: `latchkey-refresh=${refreshToken}` })).toBe('in');
    expect(await outcome({ email: user.email })).toBe('TOO_MANY_REQUESTS');
  });

  it('is still known after a logout, and keeps its id at the next login', async () => {
    const { user, cookie } = await deviceOf();
    const loggedOut = await server.call('mutation { logout }', {}, { headers: { cookie } });
    expect(deviceCookieOf(loggedOut)).toBeUndefined();
    const again = deviceCookieOf(await login({ email: user.email, cookie }));
    expect(`${DEVICE}=${again?.value ?? ''}`).toBe(cookie);
  });

  it('is slowed down itself when it guesses, and nobody else with it', async () => {
    const { user, cookie } = await deviceOf();
    const other = await deviceOf(user);
    await attack(user.email, cookie);
    expect(await outcome({ email: user.email, cookie })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email, cookie: other.cookie })).toBe('in');
    expect(await outcome({ email: user.email })).toBe('in');
  });

  it('gets no attempts at other accounts', async () => {
    const { cookie, refreshToken } = await deviceOf();
    const { email } = await signUp(server);
    await attack(email);
    expect(await outcome({ email, cookie })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email, input: { refreshToken } })).toBe('TOO_MANY_REQUESTS');
  });

  it.each([
    ['garbage', () => 'garbage'],
    ['empty', () => ''],
    ['of a server with another secret', () => `lkd_${randomBytes(48).toString('base64url')}`],
    ['with one character changed', (value: string) => `${value.slice(0, -1)}${value.endsWith('A') ? 'E' : 'A'}`],
    [
      'with another device id',
      (value: string) => `lkd_${randomBytes(16).toString('base64url').slice(0, 20)}${value.slice(24)}`,
    ],
  ])('is not taken for known by a cookie that is %s', async (_, forge) => {
    const { user, cookie } = await deviceOf();
    await attack(user.email);
    const forged = forge(cookie.slice(DEVICE.length + 1));
    expect(await outcome({ email: user.email, cookie: `${DEVICE}=${forged}` })).toBe('TOO_MANY_REQUESTS');
  });
});

describe('the device cookie', () => {
  it.each(['BODY', 'COOKIE'])('is HttpOnly, signed, and lasts 400 days, with transport %s', async (transport) => {
    const { email } = await signUp(server);
    const cookie = deviceCookieOf(await login({ email, input: { transport } }));
    expect(cookie).toEqual({
      name: DEVICE,
      value: expect.stringMatching(/^lkd_[\w-]{64}$/),
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      maxAge: 400 * 86_400,
      expires: expect.any(Date),
    });
  });

  it('is not set by a refused login', async () => {
    const { email } = await signUp(server);
    expect((await login({ email, password: 'not the password' })).headers.getSetCookie()).toEqual([]);
  });

  it('signs nobody in, and needs no origin', async () => {
    const { cookie } = await deviceOf();
    const answer = await server.call('{ me { id } }', {}, { headers: { cookie } });
    expect(refusalOf(answer)).toBe('UNAUTHENTICATED/TOKEN_MISSING');
  });
});
