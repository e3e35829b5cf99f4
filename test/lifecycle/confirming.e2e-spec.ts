import { User } from '../../src/users/user.entity.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { CookieClient, FRONTEND } from '../cookies/cookie-client.js';
import { logIn, newEmail, PASSWORD, refreshed, signUp, signUpConfirmed, signUpWithRoles } from '../support/accounts.js';
import type { CallOptions, GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { ask, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const REAUTHENTICATE = 'UNAUTHENTICATED/REAUTHENTICATION_REQUIRED';

let life: LifecycleServer;
let required: LifecycleServer;
beforeAll(async () => {
  required = await LifecycleServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' } });
  life = await LifecycleServer.start();
});
afterAll(async () => {
  await life.stop();
  await required.stop();
});

type Redeem = (token: string, password: string | null, options?: CallOptions) => Promise<GraphQLAnswer>;

/** The links that confirm an address, of an account that somebody has made who may be a stranger to it. */
const LINKS: Record<
  string,
  { redeem: Redeem; make: () => Promise<{ maker: CookieClient; token: string; access: string }> }
> = {
  verifyEmail: {
    redeem: (token, password, options) => use.verification(life.server, token, password, options),
    make: async () => {
      const { maker, access } = await madeBy();
      await ask.verification(life.server, maker.email);
      return { maker, access, token: await life.tokenFor(maker.email) };
    },
  },
  confirmEmailChange: {
    redeem: (token, password, options) => use.emailChange(life.server, token, password, options),
    make: async () => {
      const { maker, access } = await madeBy();
      const email = newEmail();
      await ask.emailChange(life.server, access, email);
      return { maker, access, token: await life.tokenFor(email) };
    },
  },
};

async function madeBy() {
  const maker = new CookieClient(life.server);
  await maker.signUp();
  const { accessToken: access } = await logIn(life.server, maker.email);
  return { maker, access };
}

describe.each(Object.entries(LINKS))('%s', (_, { redeem, make }) => {
  it('without anything of the account is refused, and the link works for the one who has it', async () => {
    const { token } = await make();
    const other = await signUp(life.server);
    for (const options of [
      {},
      { token: other.accessToken },
      { token: 'nonsense' },
      { headers: { cookie: 'latchkey-signup=lks_x' } },
    ]) {
      const refused = await redeem(token, null, options);
      expect([refusalOf(refused), refused.errors[0]?.extensions.action]).toEqual([REAUTHENTICATE, 'REAUTHENTICATE']);
    }
    expect(refusalOf(await redeem(token, 'wrong password'))).toBe('INVALID_CREDENTIALS');
    expect((await redeem(token, PASSWORD)).errors).toEqual([]);
  });

  it('takes a live session of the account, in a header or in cookies, and no ended one', async () => {
    const bearer = await make();
    expect((await redeem(bearer.token, null, { token: bearer.access })).errors).toEqual([]);

    const cookies = await make();
    const headers = { origin: FRONTEND, cookie: cookies.maker.jar.header };
    expect(
      refusalOf(await redeem(cookies.token, null, { headers: { ...headers, origin: 'https://evil.example' } })),
    ).toBe(REAUTHENTICATE);
    expect((await redeem(cookies.token, null, { headers })).errors).toEqual([]);

    const ended = await make();
    await life.server.call('mutation { logout }', {}, { token: ended.access });
    expect(refusalOf(await redeem(ended.token, null, { token: ended.access }))).toBe(REAUTHENTICATE);
  });

  it('takes no access token that has expired, and no refresh token that was rotated away', async () => {
    const { token, maker } = await make();
    const user = await logIn(life.server, maker.email);
    const next = await refreshed(life.server, user.refreshToken);
    life.server.clock.advance(1000);
    const cookie = (value: string) => ({ headers: { origin: FRONTEND, cookie: `latchkey-refresh=${value}` } });
    for (const options of [{ token: next.accessToken }, cookie(user.refreshToken)])
      expect(refusalOf(await redeem(token, null, options))).toBe(REAUTHENTICATE);
    expect((await redeem(token, null, cookie(next.refreshToken))).errors).toEqual([]);
  });

  it('takes no session of an administrator who acts as the user', async () => {
    const { maker, token } = await make();
    const admin = await signUpWithRoles(life.server, 'admin');
    const { id } = await life.server.em().findOneOrFail(User, { email: maker.email });
    const act = `mutation { impersonate(userId: "${id}", reason: "help") { accessToken } }`;
    const { data, text } = await life.server.call<{ impersonate: { accessToken: string } }>(
      act,
      {},
      { token: admin.accessToken },
    );
    expect([text, refusalOf(await redeem(token, null, { token: data?.impersonate.accessToken }))]).toEqual([
      text,
      REAUTHENTICATE,
    ]);
  });
});

describe('an account that nobody has confirmed', () => {
  it('is confirmed by the link alone while nobody has ever had it: no password, no sign-in', async () => {
    const { server } = life;
    const user = await signUp(server);
    await server.call('mutation { logout }', {}, { token: user.accessToken });
    const passwordless = async (had: { lastLoginAt?: null }) => {
      await server.em().nativeUpdate(User, user.id, { passwordHash: null, ...had });
      await ask.verification(server, user.email);
      return refusalOf(await use.verification(server, await life.tokenFor(user.email), null));
    };
    expect(await passwordless({})).toBe(REAUTHENTICATE);
    expect(await passwordless({ lastLoginAt: null })).toBeUndefined();
  });

  it('of somebody who has logged out is moved to no other address by the link alone', async () => {
    const { server } = life;
    const [evil, victim] = [newEmail(), newEmail()];
    await signUp(server, evil);
    await ask.magicLink(server, evil);
    const session = (await use.magicLink(server, await life.tokenFor(evil))).data?.loginWithMagicLink;
    await ask.emailChange(server, session?.accessToken ?? '', victim, '');
    const token = await life.tokenFor(victim);
    await server.call('mutation { logout }', {}, { token: session?.accessToken });
    expect(refusalOf(await use.emailChange(server, token, null))).toBe(REAUTHENTICATE);
  });

  it('has a sign-up cookie that shows nothing once another password was chosen', async () => {
    const { server } = required;
    const maker = new CookieClient(server);
    await maker.signUp();
    const headers = { origin: FRONTEND, cookie: maker.jar.header };
    await ask.reset(server, maker.email);
    await required.send();
    const reset = required.mails.to(maker.email).find(({ link }) => link?.includes('/reset-password'))?.token ?? '';
    expect((await use.reset(server, reset, NEW_PASSWORD)).errors).toEqual([]);
    const owner = await logIn(server, maker.email, NEW_PASSWORD);
    await server.em().nativeUpdate(User, owner.id, { emailVerified: false });
    await ask.verification(server, maker.email);
    const token = await required.tokenFor(maker.email);
    expect(refusalOf(await use.verification(server, token, null, { headers }))).toBe(REAUTHENTICATE);
  });

  it('is confirmed in the browser in which it was made, and in no other that signed up with the address', async () => {
    const { server } = required;
    const maker = new CookieClient(server);
    await maker.signUp();
    const second = new CookieClient(server);
    const signup = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
    await second.call(signup, { input: { email: maker.email, password: NEW_PASSWORD } });
    await ask.verification(server, maker.email);
    await required.send();
    const token = required.mails.to(maker.email).at(-1)?.token ?? '';
    const from = ({ jar }: CookieClient) => ({ headers: { origin: FRONTEND, cookie: jar.header } });
    expect([second, maker].map(({ jar }) => jar.value('latchkey-signup')?.length)).toEqual([47, 47]);
    expect(refusalOf(await use.verification(server, token, null, from(second)))).toBe(REAUTHENTICATE);
    expect((await use.verification(server, token, null, from(maker))).data?.verifyEmail.emailVerified).toBe(true);
    // It opens nothing.
    expect(refusalOf(await maker.me())).toBe('UNAUTHENTICATED/TOKEN_MISSING');
  });

  it.each([
    ['once more, with the same password', (email: string) => ({ email, password: PASSWORD })],
    ['once more, with another password', (email: string) => ({ email, password: NEW_PASSWORD })],
    ['with another address', () => ({ email: newEmail(), password: PASSWORD })],
  ])('is confirmed in the browser in which it was made, after a sign-up there %s', async (_, input) => {
    const { server } = required;
    const maker = new CookieClient(server);
    await maker.signUp();
    const token = await required.tokenFor(maker.email);
    const signup = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
    await maker.call(signup, { input: input(maker.email) });
    const headers = { origin: FRONTEND, cookie: maker.jar.header };
    expect((await use.verification(server, token, null, { headers })).data?.verifyEmail.emailVerified).toBe(true);
    expect(maker.jar.value('latchkey-signup')).toHaveLength(91);
  });

  it('that a stranger made with an address is not theirs by a click of its owner, who gets it by a new password', async () => {
    const { server } = required;
    const email = newEmail();
    await trySignup(server, { email, password: 'the phrase of a stranger' });
    const token = await required.tokenFor(email);
    expect(refusalOf(await use.verification(server, token, null))).toBe(REAUTHENTICATE);
    await ask.reset(server, email);
    await use.reset(server, await required.tokenFor(email), PASSWORD);
    expect(refusalOf(await tryLogin(server, email, 'the phrase of a stranger'))).toBe('INVALID_CREDENTIALS');
    expect((await tryLogin(server, email)).data?.login.__typename).toBe('AuthPayload');
  });
});

it('a password that is tried with a link is counted like one at login, and apart from strangers', async () => {
  const limited = await LifecycleServer.start({ env: { RATE_LIMITS_ENABLED: 'true' } });
  try {
    const user = await signUpConfirmed(limited.server);
    const email = newEmail();
    await ask.emailChange(limited.server, user.accessToken, email);
    const token = await limited.tokenFor(email);
    const twelve = async (attempt: () => Promise<GraphQLAnswer>) => {
      const refusals = [];
      for (let index = 0; index < 12; index++) refusals.push(refusalOf(await attempt()));
      return [refusals[0], refusals.at(-1)];
    };
    const counted = ['INVALID_CREDENTIALS', 'TOO_MANY_REQUESTS'];
    expect(await twelve(() => tryLogin(limited.server, user.email, 'wrong password'))).toEqual(counted);
    expect(await twelve(() => use.emailChange(limited.server, token, 'wrong password'))).toEqual(counted);
  } finally {
    await limited.stop();
  }
});
