import { randomBytes } from 'node:crypto';
import { parseSetCookie } from 'cookie';
import { Mail } from '../../src/mail/mail.entity.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { OPERATION_LIMITS, WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { OperationLimits } from '../../src/throttle/operation-limits.js';
import { oneTimeToken } from '../../src/tokens/one-time-token.js';
import { ask, NEW_PASSWORD, use } from '../lifecycle/operations.js';
import { newEmail, PASSWORD, signUp, signUpConfirmed, signUpWithRoles, type TestUser } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { refreshToken } } }';
const DEVICE = 'latchkey-device';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1', JOBS_ENABLED: 'false', NEW_DEVICE_NOTICE: 'true' },
  });
  // A slow machine opens no gate.
  server.clock.freeze();
});
afterAll(() => server.stop());

let networks = 0;
let here = '';
beforeEach(() => {
  here = `203.0.113.${String(networks++)}`;
});

interface Login {
  email: string;
  password?: string;
  cookie?: string;
  input?: Record<string, unknown>;
  headers?: Record<string, string>;
}

const login = ({ email, password = PASSWORD, cookie = '', input = {}, headers = {} }: Login) =>
  server.call<{ login: { refreshToken: string } }>(
    LOGIN,
    { input: { email, password, ...input } },
    { headers: { 'x-forwarded-for': here, ...headers, cookie } },
  );

const deviceCookieOf = (answer: GraphQLAnswer<unknown>) =>
  answer.headers
    .getSetCookie()
    .map((line) => parseSetCookie(line))
    .find(({ name }) => name === DEVICE);

/** A user, and a device of theirs. Everybody in a test has the same address. */
async function deviceOf(
  user?: TestUser,
  password = PASSWORD,
): Promise<{ user: TestUser; cookie: string; refreshToken: string }> {
  const owner = user ?? (await signUp(server));
  const answer = await login({ email: owner.email, password });
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

  it('counts as a stranger when it has guessed, and is refused when those have too', async () => {
    const { user, cookie } = await deviceOf();
    await attack(user.email, cookie);
    expect(await outcome({ email: user.email, cookie })).toBe('in');
    await attack(user.email, cookie);
    expect(await outcome({ email: user.email, cookie })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email })).toBe('TOO_MANY_REQUESTS');
  });

  it('has its guesses in common with all others of the account at the address, however many sign-ins made them', async () => {
    const { user, cookie, refreshToken } = await deviceOf();
    const ways: Partial<Login>[] = [{ cookie }, { input: { refreshToken } }];
    for (let device = 0; device < 4; device++) ways.push({ cookie: (await deviceOf(user)).cookie });
    const refusals = [];
    await attack(user.email);
    for (const way of [...ways, ...ways, ...ways]) {
      refusals.push(refusalOf(await login({ email: user.email, password: 'not the password', ...way })));
    }
    const looked = refusals.filter((refusal) => refusal === 'INVALID_CREDENTIALS');
    expect(looked).toHaveLength(WRONG_PASSWORDS.account.atOnce);
    expect(await outcome({ email: user.email, cookie, headers: { 'x-forwarded-for': '198.51.100.9' } })).toBe('in');
  });

  it('gets in while known devices of others use up what they have at the address in common', async () => {
    const { user, cookie } = await deviceOf();
    const { address, account } = WRONG_PASSWORDS;
    for (let count = 0; count <= address.atOnce / (account.atOnce - WRONG_PASSWORDS.spared); count++) {
      const other = await deviceOf();
      await attack(other.user.email, other.cookie);
    }
    const last = await deviceOf();
    for (let guess = 0; guess < WRONG_PASSWORDS.spared; guess++) {
      const wrong = { email: last.user.email, password: 'not the password', cookie: last.cookie };
      expect(refusalOf(await login(wrong))).toBe('INVALID_CREDENTIALS');
    }
    // Where strangers have used up theirs too.
    const strangers = Array.from({ length: address.atOnce }, newEmail);
    for (const email of strangers) await login({ email, password: 'not the password' });
    expect(await outcome({ email: last.user.email, cookie: last.cookie })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email, cookie })).toBe('in');
  });

  it('has a budget of logins for the account and address, and beyond it that of strangers', async () => {
    const { user, cookie } = await deviceOf();
    const second = await deviceOf(user);
    expect(second.cookie).not.toBe(cookie);
    const { proof, budgets } = OPERATION_LIMITS['login'] ?? {};
    const address = server.app.get(OperationLimits);
    const stranger = { address: here, caller: undefined, proof: undefined };
    for (let count = 2; count < (budgets?.[0]?.attempts ?? 0) - 1; count++) await address.spend('login', stranger);
    for (let count = 0; count < (proof?.attempts ?? 0); count++) {
      expect(await outcome({ email: user.email, cookie })).toBe('in');
    }
    // The last one of strangers.
    expect(await outcome({ email: user.email, cookie: second.cookie })).toBe('in');
    expect(await outcome({ email: user.email, cookie })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email, cookie: second.cookie })).toBe('TOO_MANY_REQUESTS');
  });

  it('is no worse off than a stranger when a thief at its address uses up what a former session proves', async () => {
    const { user, cookie, refreshToken } = await deviceOf();
    await server.call('mutation { revokeOtherSessions }', {}, { token: user.accessToken });
    const { attempts = 0 } = OPERATION_LIMITS['login']?.proof ?? {};
    for (let count = 0; count <= attempts; count++) {
      await login({ email: user.email, password: 'not the password', input: { refreshToken } });
    }
    expect(await outcome({ email: user.email, cookie })).toBe(await outcome({ email: user.email }));
  });

  it('is not that of an administrator who acts as the user', async () => {
    const { user, refreshToken: own } = await deviceOf();
    const admin = await signUpWithRoles(server, 'admin');
    const impersonate = 'mutation ($id: ID!) { impersonate(userId: $id, reason: "a call") { refreshToken } }';
    const acting = await server.call<{ impersonate: { refreshToken: string } }>(
      impersonate,
      { id: user.id },
      { token: admin.accessToken },
    );
    const refreshToken = acting.data?.impersonate.refreshToken ?? '';
    expect(refreshToken).not.toBe('');
    await attack(user.email);
    expect(await outcome({ email: user.email, input: { refreshToken } })).toBe('TOO_MANY_REQUESTS');
    expect(await outcome({ email: user.email, input: { refreshToken: own } })).toBe('in');
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

/** Whether the account takes a device that presents this for known: wrong passwords of strangers do not keep it out. */
async function isKnown(email: string, password: string, traces: Partial<Login>): Promise<boolean> {
  await attack(email);
  return (await outcome({ email, password, ...traces })) === 'in';
}

/**
 * Changes the password by the session of the user.
 *
 * @param seconds between the clock of the instance that does it and that of the sign-ins
 * @returns the device cookie that comes with it
 */
async function changePassword(user: TestUser, cookie: string, seconds = 1): Promise<string> {
  server.clock.advance(seconds);
  const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }';
  const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  const changed = await server.call(change, { input }, { token: user.accessToken, headers: { cookie } });
  expect(changed.data).toEqual({ changePassword: true });
  return `${DEVICE}=${deviceCookieOf(changed)?.value ?? ''}`;
}

async function resetPassword({ email }: TestUser, seconds = 1): Promise<void> {
  server.clock.advance(seconds);
  await ask.reset(server, email);
  const { salt } = await server.em().findOneOrFail(Mail, { recipient: email, template: 'reset-password' });
  await server.app.get(MailSender).sendDue();
  const token = oneTimeToken(server.env.JWT_SECRET, salt, 'password_reset');
  expect((await use.reset(server, token, NEW_PASSWORD)).data).toEqual({ resetPassword: true });
}

describe('a device that signed in before the password was chosen', () => {
  it.each([
    ['changed', (user: TestUser) => changePassword(user, '')],
    ['reset', (user: TestUser) => resetPassword(user)],
    ['changed by an instance whose clock is behind', (user: TestUser) => changePassword(user, '', -4)],
    ['reset by an instance whose clock is behind', (user: TestUser) => resetPassword(user, -4)],
    ['changed at the very same moment', (user: TestUser) => changePassword(user, '', 0)],
  ])('is a stranger once it was %s, with its cookie and with its refresh token', async (_, choose) => {
    const { user, cookie, refreshToken } = await deviceOf();
    await choose(user);
    expect(await isKnown(user.email, NEW_PASSWORD, { cookie })).toBe(false);
    expect(await isKnown(user.email, NEW_PASSWORD, { input: { refreshToken } })).toBe(false);
  });

  it('is a stranger when the second new password is of the same moment as the first', async () => {
    const { user } = await deviceOf();
    await resetPassword(user);
    const { refreshToken, cookie } = await deviceOf(user, NEW_PASSWORD);
    await server.em().nativeDelete(Mail, { recipient: user.email });
    await resetPassword(user, 0);
    expect(await isKnown(user.email, NEW_PASSWORD, { cookie })).toBe(false);
    expect(await isKnown(user.email, NEW_PASSWORD, { input: { refreshToken } })).toBe(false);
  });

  it('is known by a session that began since, by whatever clock', async () => {
    const { user } = await deviceOf();
    await resetPassword(user);
    server.clock.advance(-4);
    const { refreshToken } = await deviceOf(user, NEW_PASSWORD);
    expect(await isKnown(user.email, NEW_PASSWORD, { input: { refreshToken } })).toBe(true);
  });

  it('is a stranger by a session of a version that did not tell its password, once another was chosen', async () => {
    const { user, refreshToken } = await deviceOf();
    await resetPassword(user);
    const later = await deviceOf(user, NEW_PASSWORD);
    await server.em().execute('update sessions set password_changed_at = null where user_id = ?', [user.id]);
    for (const token of [refreshToken, later.refreshToken]) {
      expect(await isKnown(user.email, NEW_PASSWORD, { input: { refreshToken: token } })).toBe(false);
    }
  });

  it('is still known if it is the one that changed the password', async () => {
    const { user, cookie } = await deviceOf();
    const fresh = await changePassword(user, cookie);
    expect(fresh).not.toBe(cookie);
    expect(await isKnown(user.email, NEW_PASSWORD, { cookie: fresh })).toBe(true);
  });

  it.each([
    ['after', 1],
    ['by an instance whose clock is behind', -4],
  ])('does not keep the owner from being told of its sign-in %s', async (_, seconds) => {
    const { user, cookie } = await deviceOf(await signUpConfirmed(server));
    const notices = () => server.em().count(Mail, { recipient: user.email, template: 'new-device' });
    const headers = { 'x-forwarded-for': '198.51.100.7', 'user-agent': 'Another/1.0' };
    const before = await notices();
    expect(await outcome({ email: user.email, cookie, headers })).toBe('in');
    expect(await notices()).toBe(before);
    await resetPassword(user, seconds);
    const afterReset = await notices();
    expect(await outcome({ email: user.email, password: NEW_PASSWORD, cookie, headers })).toBe('in');
    expect(await notices()).toBe(afterReset + 1);
    // The session that was opened just now is of this password.
    expect(await outcome({ email: user.email, password: NEW_PASSWORD, headers })).toBe('in');
    expect(await notices()).toBe(afterReset + 1);
  });
});
