import { tryLogin, trySignup } from '../accounts/operations.js';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { MAIL_BUDGETS } from '../../src/throttle/limits.js';
import { User } from '../../src/users/user.entity.js';
import { refusalOf } from '../support/refusals.js';
import { ask, LifecycleServer, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';

describe('an address', () => {
  let life: LifecycleServer;
  beforeAll(async () => {
    life = await LifecycleServer.start();
  });
  afterAll(() => life.stop());

  it('is confirmed by the link of the mail, once, and the answer is the user', async () => {
    const { server } = life;
    const { id, email, accessToken } = await signUp(server);
    await ask.verification(server, ` ${email} `);
    const token = await life.tokenFor(email);
    expect((await use.verification(server, token)).data).toEqual({
      verifyEmail: { id, email, emailVerified: true, roles: ['user'] },
    });
    expect(refusalOf(await use.verification(server, token))).toBe(INVALID);
    const { data } = await server.call('{ me { emailVerified } }', {}, { token: accessToken });
    expect(data).toEqual({ me: { emailVerified: true } });
  });

  it('that is confirmed already, or of nobody, gets no mail', async () => {
    const { server } = life;
    const { email } = await signUp(server);
    await ask.verification(server, email);
    await use.verification(server, await life.tokenFor(email));
    const before = life.mails.received.length;
    for (const address of [email, newEmail()]) {
      expect((await ask.verification(server, address)).data).toEqual({ requestEmailVerification: true });
    }
    await life.send();
    expect(life.mails.received.length).toBe(before);
  });

  it('that is none is refused by name', async () => {
    for (const request of [ask.verification, ask.reset, ask.magicLink]) {
      const { errors, data } = await request(life.server, 'ada at example.com');
      expect([data, errors.map(({ extensions }) => [extensions.code, extensions.fields])]).toEqual([
        null,
        [['BAD_USER_INPUT', [{ path: 'email', message: 'must be an e-mail address' }]]],
      ]);
    }
  });
});

describe('with REQUIRE_EMAIL_VERIFICATION', () => {
  let life: LifecycleServer;
  beforeAll(async () => {
    life = await LifecycleServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' } });
  });
  afterAll(() => life.stop());

  it('signup answers the same for a new and a taken address, and each owner gets one mail', async () => {
    const { server } = life;
    const email = newEmail();
    const answers = [await trySignup(server, { email }), await trySignup(server, { email, password: `${PASSWORD}!` })];
    const [first, second] = answers.map(({ status, data, errors }) => ({ status, data, errors }));
    expect(first).toEqual({
      status: 200,
      data: { signup: { __typename: 'EmailVerificationRequired', email } },
      errors: [],
    });
    expect(second).toEqual(first);
    await life.send();
    expect(
      life.mails
        .to(email)
        .map(({ subject }) => subject)
        .sort(),
    ).toEqual(['Choose a password for your account', 'Confirm your e-mail address']);
    expect(await server.em().count(User, { email })).toBe(1);
    const { token = '' } = life.mails.to(email).find(({ subject }) => subject.startsWith('Confirm')) ?? {};
    await use.verification(server, token);
    // The second sign-up changed nothing: its password does not fit.
    expect(refusalOf(await tryLogin(server, email, `${PASSWORD}!`))).toBe('INVALID_CREDENTIALS');
    expect((await tryLogin(server, email)).data?.login.__typename).toBe('AuthPayload');
  });

  it('login answers a right password for an unconfirmed account like a wrong one, and leaves one more link', async () => {
    const { server } = life;
    const email = newEmail();
    await trySignup(server, { email });
    const first = await life.tokenFor(email);
    const wrong = await tryLogin(server, email, 'wrong password');
    await life.send();
    expect(life.mails.to(email).length).toBe(1);
    const right = await tryLogin(server, email);
    expect([refusalOf(right), right.data]).toEqual([refusalOf(wrong), wrong.data]);
    const second = await life.mailTo(email);
    expect([second.subject, second.token === first]).toEqual(['Confirm your e-mail address', false]);
    await use.verification(server, second.token ?? '');
    expect((await tryLogin(server, email)).data?.login.__typename).toBe('AuthPayload');
  });

  it('a sign-up with the address of an unconfirmed account brings its owner the link to a password', async () => {
    const { server } = life;
    const email = newEmail();
    await trySignup(server, { email, password: 'the phrase of a stranger' });
    await life.send();
    await trySignup(server, { email });
    const { subject, link = '', token = '' } = await life.mailTo(email);
    expect([subject, link.split('#')[0]]).toEqual([
      'Choose a password for your account',
      'http://localhost:5173/reset-password',
    ]);
    await use.reset(server, token, PASSWORD);
    expect(refusalOf(await tryLogin(server, email, 'the phrase of a stranger'))).toBe('INVALID_CREDENTIALS');
    expect((await tryLogin(server, email)).data?.login.__typename).toBe('AuthPayload');
    // It is somebody's now.
    await trySignup(server, { email });
    expect(await life.mailTo(email)).toMatchObject({ subject: 'You have an account already', link: undefined });
  });
});

describe('with REQUIRE_EMAIL_VERIFICATION and limits', () => {
  it('logins fill no mailbox: an hour has so many links as anybody may ask for', async () => {
    const life = await LifecycleServer.start({
      env: { REQUIRE_EMAIL_VERIFICATION: 'true', RATE_LIMITS_ENABLED: 'true' },
    });
    try {
      const email = newEmail();
      await trySignup(life.server, { email });
      for (let index = 0; index < 9; index++) await tryLogin(life.server, email);
      await life.send();
      expect(life.mails.to(email).length).toBe(1 + MAIL_BUDGETS['verify-email'].attempts);
    } finally {
      await life.stop();
    }
  });
});
