import { buildSchema, GraphQLObjectType, getNamedType, isAbstractType } from 'graphql';
import { readFileSync } from 'node:fs';
import { MAIL_BUDGETS } from '../../src/throttle/limits.js';
import { User } from '../../src/users/user.entity.js';
import { CookieClient, FRONTEND } from '../cookies/cookie-client.js';
import { logIn, PASSWORD, signUp, signUpConfirmed, type TestUser, withAccounts } from '../support/accounts.js';
import type { CallOptions } from '../support/graphql-client.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start({ env: { NEW_DEVICE_NOTICE: 'true', TRUST_PROXY: '1' } });
});
afterAll(() => life.stop());

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const SAFARI = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15';

const from = (userAgent: string, ip: string): CallOptions => ({
  headers: { 'user-agent': userAgent, 'x-forwarded-for': ip },
});

const LOGIN = `mutation ($input: LoginInput!) {
  login(input: $input) { ... on AuthPayload { refreshToken } }
}`;

const login = (user: TestUser, options: CallOptions, refreshToken?: string) =>
  life.server.call<{ login: { refreshToken: string } }>(
    LOGIN,
    { input: { email: user.email, password: PASSWORD, refreshToken } },
    options,
  );

/** The subjects of what has arrived. */
async function noticesTo(user: TestUser): Promise<string[]> {
  await life.send();
  return life.mails.to(user.email).map(({ subject }) => subject);
}

const NOTICE = 'A new device has signed in';

const newDevicesOf = async (user: TestUser) => (await noticesTo(user)).filter((subject) => subject === NOTICE).length;

/** Makes a request with what shows the device. */
type Sender = Pick<CookieClient, 'call'>;

/** Every way to sign in to an account that exists. */
const WAYS: Record<string, (user: TestUser, device: Sender) => Promise<unknown>> = {
  login: ({ email }, device) => device.call(LOGIN, { input: { email, password: PASSWORD } }),
  loginWithMagicLink: async ({ email }, device) => {
    await ask.magicLink(life.server, email);
    const input = { token: await life.tokenFor(email) };
    const document = 'mutation ($input: MagicLinkInput!) { loginWithMagicLink(input: $input) { __typename } }';
    return device.call(document, { input });
  },
};

/** A sign-up has no account before it, a refresh goes on with a session, and who acts as the user is no device of theirs. */
const NO_SIGN_IN = ['signup', 'refresh', 'impersonate'];

/** A client that keeps no cookies, or a browser. */
const device = (userAgent: string, ip: string): Sender => ({
  call: (document, variables) => life.server.call(document, variables, from(userAgent, ip)),
});
const browser = (userAgent: string, ip: string) =>
  new CookieClient(life.server, { origin: FRONTEND, ...from(userAgent, ip).headers });

describe('the owner of an account is told of a sign-in', () => {
  it('from a device that the account has not seen, once for each, and what it was', async () => {
    const user = await signUpConfirmed(life.server);
    await login(user, from(FIREFOX, '203.0.113.7'));
    await login(user, from(FIREFOX, '203.0.113.7'));
    expect(await noticesTo(user)).toEqual([NOTICE]);
    const { text, html } = life.mails.last(user.email);
    for (const part of ['Firefox on Linux', '203.0.113.7'])
      expect([text, html]).toEqual([expect.stringContaining(part), expect.stringContaining(part)]);
    await login(user, from(SAFARI, '203.0.113.7'));
    await login(user, from(FIREFOX, '198.51.100.9'));
    expect(await noticesTo(user)).toEqual([NOTICE, NOTICE, NOTICE]);
  });

  it('not from one that shows that it has been here: by its cookie, or by a refresh token', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const browser = new CookieClient(server, { origin: FRONTEND, ...from(FIREFOX, '203.0.113.8').headers });
    await browser.call(LOGIN, { input: { email: user.email, password: PASSWORD } });
    const first = await login(user, from(SAFARI, '203.0.113.8'));
    expect((await noticesTo(user)).length).toBe(2);
    const elsewhere = { origin: FRONTEND, ...from(FIREFOX, '198.51.100.77').headers };
    await browser.call(LOGIN, { input: { email: user.email, password: PASSWORD } }, elsewhere);
    await login(user, from(SAFARI, '198.51.100.77'), first.data?.login.refreshToken);
    expect((await noticesTo(user)).length).toBe(2);
  });

  it('in words of the server: no part of the header or of the address that was sent is in the mail', async () => {
    const user = await signUpConfirmed(life.server);
    const text = 'Call +44 20 7946 0000 or open https://evil.example/keep';
    const agents = [
      `${text}/x`,
      `${text}/x (Windows NT 10.0)`,
      `${text} (X11; Linux)`,
      `x/${text}`,
      `Mozilla/5.0 (${text}) Firefox/9`,
    ];
    for (const agent of agents) await login(user, from(agent, '203.0.113.20'));
    await login(user, from(FIREFOX, 'fe80::20%call.evil.example'));
    await life.send();
    const received = life.mails.to(user.email);
    expect(received.length).toBe(agents.length + 1);
    for (const mail of received) expect(mail.text + mail.html + mail.subject).not.toMatch(/7946|evil/);
    expect(received.filter(({ text: it }) => it.includes('Address: fe80::20\n')).length).toBe(1);
    const { data } = await life.server.call<{ mySessions: { device: string | null }[] }>(
      '{ mySessions { device } }',
      {},
      { token: user.accessToken },
    );
    expect(new Set(data?.mySessions.map(({ device }) => device))).toEqual(
      new Set([null, 'Windows', 'Linux', 'Firefox', 'Firefox on Linux']),
    );
  });

  it('by every way that leads to a session of an account', () => {
    const schema = buildSchema(readFileSync('schema.gql', 'utf8'));
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    const leading = mutations.filter(({ type }) => {
      const named = getNamedType(type);
      const possible = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
      return possible.some((one) => one instanceof GraphQLObjectType && one.name === 'AuthPayload');
    });
    expect(leading.map(({ name }) => name).sort()).toEqual([...Object.keys(WAYS), ...NO_SIGN_IN].sort());
  });

  it.each(Object.entries(WAYS))('by %s, from a device that the account has not seen, once for each', async (_, way) => {
    const user = await signUpConfirmed(life.server);
    await way(user, device(FIREFOX, '203.0.113.30'));
    await way(user, device(FIREFOX, '203.0.113.30'));
    expect(await newDevicesOf(user)).toBe(1);
    const { text } = life.mails.to(user.email).find(({ subject }) => subject === NOTICE) ?? {};
    expect([text, text]).toEqual(['Firefox on Linux', '203.0.113.30'].map((part) => expect.stringContaining(part)));
    for (const other of Object.values(WAYS)) await other(user, device(FIREFOX, '203.0.113.30'));
    expect(await newDevicesOf(user)).toBe(1);
    await way(user, device(SAFARI, '203.0.113.30'));
    expect(await newDevicesOf(user)).toBe(2);
  });

  it.each(Object.entries(WAYS))('not by %s in a browser that has been here, whatever its address', async (_, way) => {
    for (const first of Object.values(WAYS)) {
      const user = await signUpConfirmed(life.server);
      const home = browser(FIREFOX, '203.0.113.31');
      await first(user, home);
      expect(await newDevicesOf(user)).toBe(1);
      await way(user, {
        call: (document, variables) =>
          home.call(document, variables, { origin: FRONTEND, ...from(SAFARI, '198.51.100.31').headers }),
      });
      expect(await newDevicesOf(user)).toBe(1);
    }
  });

  it.each(Object.entries(WAYS))('not by %s of an account that has never signed in', async (_, way) => {
    const user = await signUpConfirmed(life.server);
    await life.server.em().nativeUpdate(User, user.id, { lastLoginAt: null });
    await way(user, device(FIREFOX, '203.0.113.32'));
    expect(await newDevicesOf(user)).toBe(0);
    await way(user, device(SAFARI, '203.0.113.32'));
    expect(await newDevicesOf(user)).toBe(1);
  });

  it('not by the link that confirms the address, whoever signed in before: from then on it is theirs', async () => {
    const user = await signUp(life.server);
    await login(user, from(SAFARI, '203.0.113.34'));
    await WAYS['loginWithMagicLink']?.(user, device(FIREFOX, '203.0.113.33'));
    expect(await newDevicesOf(user)).toBe(0);
    await WAYS['loginWithMagicLink']?.(user, device(SAFARI, '203.0.113.35'));
    expect(await newDevicesOf(user)).toBe(1);
  });

  it('not by the first sign-in after a reset that confirms the address, whoever signed in before', async () => {
    const user = await signUp(life.server);
    await login(user, from(SAFARI, '203.0.113.36'));
    await ask.reset(life.server, user.email);
    await use.reset(life.server, await life.tokenFor(user.email), PASSWORD);
    await login(user, from(FIREFOX, '203.0.113.37'));
    expect(await newDevicesOf(user)).toBe(0);
    await login(user, from(SAFARI, '203.0.113.38'));
    expect(await newDevicesOf(user)).toBe(1);
  });

  it("not at an address that nobody has confirmed: it may be a stranger's", async () => {
    const user = await signUp(life.server);
    await login(user, from(FIREFOX, '203.0.113.21'));
    expect(await noticesTo(user)).toEqual([]);
  });

  it('not of a wrong password, nor of the very first sign-in', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    await server.call(LOGIN, { input: { email: user.email, password: 'wrong password' } }, from(SAFARI, '203.0.113.9'));
    await server.em().nativeUpdate(User, user.id, { lastLoginAt: null });
    await login(user, from(FIREFOX, '203.0.113.9'));
    expect(await noticesTo(user)).toEqual([]);
  });
});

describe('a mail is in the language', () => {
  const german = { headers: { 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' } };

  it('of the account: what the browser asked for at the sign-up, until the user chooses another', async () => {
    const { server } = life;
    const signup =
      'mutation ($input: SignupInput!) { signup(input: $input) { ... on AuthPayload { user { locale } } } }';
    const email = `ada-${String(Date.now())}@example.com`;
    const { data } = await server.call(signup, { input: { email, password: PASSWORD } }, german);
    expect(data).toEqual({ signup: { user: { locale: 'de-AT' } } });
    await ask.reset(server, email);
    const mail = await life.mailTo(email);
    expect([mail.subject, mail.text]).toEqual(['Neues Passwort wählen', expect.stringContaining('1 Stunde')]);

    await withAccounts(server, (accounts) => accounts.markEmailVerified(email));
    const { accessToken } = await logIn(server, email);
    const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { locale } }';
    const answer = await server.call(update, { input: { locale: 'en-gb' } }, { token: accessToken });
    expect(answer.data).toEqual({ updateProfile: { locale: 'en-GB' } });
    await changePassword(server, accessToken, PASSWORD, NEW_PASSWORD);
    expect((await life.mailTo(email)).subject).toBe('Your password was changed');
  });

  it('of the request, where the account has none, and English where there is no translation', async () => {
    const { server } = life;
    const user = await signUp(server);
    await server.em().nativeUpdate(User, user.id, { locale: null });
    await ask.reset(server, user.email, german);
    expect((await life.mailTo(user.email)).subject).toBe('Neues Passwort wählen');
    for (const language of ['fr-FR', '*', 'x', '../../etc/passwd']) {
      await ask.reset(server, user.email, { headers: { 'accept-language': language } });
      expect((await life.mailTo(user.email)).subject).toBe('Choose a new password');
    }
  });
});

// A second server of one process takes the place of the first: it comes last.
describe('in an hour the owner of an account is told', () => {
  let limited: LifecycleServer;
  beforeAll(async () => {
    limited = await LifecycleServer.start({
      env: { NEW_DEVICE_NOTICE: 'true', TRUST_PROXY: '1', RATE_LIMITS_ENABLED: 'true' },
    });
  });
  afterAll(() => limited.stop());

  it('of five new devices, once that there were more, and of no further one', async () => {
    const user = await signUpConfirmed(limited.server);
    for (let device = 0; device < 9; device++) {
      const input = { email: user.email, password: PASSWORD };
      await limited.server.call(LOGIN, { input }, from(FIREFOX, `198.51.100.${String(device)}`));
    }
    await limited.send();
    const subjects = limited.mails.to(user.email).map(({ subject }) => subject);
    expect(subjects.sort()).toEqual([...Array.from({ length: 5 }, () => NOTICE), 'Several new devices have signed in']);
  });

  it('of five new passwords', async () => {
    const user = await signUpConfirmed(limited.server);
    for (let change = 0; change < 8; change++) {
      const answer = await changePassword(limited.server, user.accessToken, '', `${NEW_PASSWORD} ${String(change)}`);
      expect(answer.errors).toEqual([]);
    }
    await limited.send();
    expect(limited.mails.to(user.email)).toHaveLength(MAIL_BUDGETS['password-changed'].attempts);
  });
});
