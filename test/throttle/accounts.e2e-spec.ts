import { Mail } from '../../src/mail/mail.entity.js';
import { MAIL_BUDGETS, MAIL_FOR_NO_LINK, WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { tryLogin } from '../accounts/operations.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from '../lifecycle/operations.js';
import { logIn, newEmail, PASSWORD, signUp, type TestUser, withAccounts } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import type { TestServer } from '../support/test-server.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';

let life: LifecycleServer;
let server: TestServer;
beforeAll(async () => {
  life = await LifecycleServer.start({ redis: false, env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1' } });
  ({ server } = life);
});
afterAll(() => life.stop());

let networks = 0;
const newAddress = () => ({
  headers: { 'x-forwarded-for': `203.0.${String(networks >> 8)}.${String(networks++ & 255)}` },
});

const requests = [
  ['requestPasswordReset', 'reset-password', ask.reset],
  ['requestEmailVerification', 'verify-email', ask.verification],
  ['requestMagicLink', 'magic-link', ask.magicLink],
] as const;

async function confirmedUser(): Promise<TestUser> {
  const user = await signUp(server);
  await withAccounts(server, (accounts) => accounts.markEmailVerified(user.email));
  return user;
}

/** What a stranger does to a mailbox: more requests than there are mails in an hour, each from another address. */
async function useUp(mail: keyof typeof MAIL_BUDGETS, request: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count <= MAIL_BUDGETS[mail].attempts; count++) await request();
  await life.send();
}

describe('the mailbox of an account', () => {
  it.each(requests)(
    'is not filled by %s, and nobody is refused, whether there is an account or not',
    async (name, mail, request) => {
      const { attempts } = MAIL_BUDGETS[mail];
      const known = await signUp(server);
      const answers = [];
      for (const email of [known.email, newEmail()]) {
        for (let count = 0; count < attempts + 3; count++) {
          const { status, data, errors } = await request(server, email.toUpperCase(), newAddress());
          answers.push({ status, data, errors });
        }
        // The same is left behind for both.
        expect(await server.em().count(Mail, { recipient: email })).toBe(attempts + 3);
        await life.send();
      }
      expect(answers).toEqual(answers.map(() => ({ status: 200, data: { [name]: true }, errors: [] })));
      expect(life.mails.to(known.email)).toHaveLength(attempts);
    },
  );

  it('that nobody has confirmed is not filled by changes of the account', async () => {
    const victim = newEmail();
    const stranger = await signUp(server, victim);
    const fill = () => useUp('reset-password', () => ask.reset(server, victim, newAddress()));
    await fill();
    expect((await changePassword(server, stranger.accessToken, PASSWORD, NEW_PASSWORD)).errors).toEqual([]);
    await fill();
    const away = newEmail();
    await ask.emailChange(server, stranger.accessToken, away, '');
    const token = await life.tokenFor(away);
    expect((await use.emailChange(server, token, NEW_PASSWORD)).errors).toEqual([]);
    await signUp(server, victim);
    await fill();
    const most = MAIL_BUDGETS['reset-password'].attempts + MAIL_FOR_NO_LINK.attempts;
    expect(life.mails.to(victim)).toHaveLength(most);
  });

  it('of a third one is not filled by requestEmailChange', async () => {
    const victim = newEmail();
    const users = [await signUp(server), await signUp(server)];
    for (let count = 0; count < 8; count++) {
      const answer = await ask.emailChange(server, users[count % 2]?.accessToken ?? '', victim);
      expect(answer.data).toEqual({ requestEmailChange: true });
    }
    await life.send();
    // A younger request takes the place of one that waits: of each user the last.
    expect(life.mails.to(victim).length).toBeLessThanOrEqual(MAIL_BUDGETS['confirm-email-change'].attempts);
    expect(life.mails.to(victim).length).toBeGreaterThan(0);
  });
});

describe('an owner whose mails of the hour were used up by strangers', () => {
  const askForMagicLink = (email: string) => ask.magicLink(server, email, newAddress());

  it('gets the link that was sent last for its whole time again', async () => {
    const { email, id } = await confirmedUser();
    await useUp('magic-link', () => askForMagicLink(email));
    const token = life.mails.last(email).token ?? '';
    server.clock.advance(601);
    expect(refusalOf(await use.magicLink(server, token))).toBe(INVALID);
    const received = life.mails.to(email).length;
    expect((await askForMagicLink(email)).data).toEqual({ requestMagicLink: true });
    await life.send();
    expect(life.mails.to(email)).toHaveLength(received);
    expect((await use.magicLink(server, token)).data?.loginWithMagicLink.user.id).toBe(id);
  });

  it('is sent another one once they have used one', async () => {
    const { email } = await confirmedUser();
    await useUp('magic-link', () => askForMagicLink(email));
    const used = life.mails.last(email).token ?? '';
    expect((await use.magicLink(server, used)).errors).toEqual([]);
    await askForMagicLink(email);
    const next = await life.tokenFor(email);
    expect(next).not.toBe(used);
    expect((await use.magicLink(server, next)).errors).toEqual([]);
  });

  it.each(requests)('before the account was there is sent a link by %s', async (_, mail, request) => {
    const email = newEmail();
    const askFor = () => request(server, email, newAddress());
    await useUp(mail, askFor);
    await signUp(server, email);
    const waiting = () => server.em().count(Mail, { recipient: email, template: mail });
    life.mails.mood = { refuses: 451 };
    await askFor();
    await life.send();
    life.mails.mood = 'accepts';
    expect(life.mails.to(email)).toEqual([]);
    expect(await waiting()).toBe(1);
    server.clock.advance(600);
    const token = await life.tokenFor(email);
    for (let count = 0; count < 3; count++) await askFor();
    await life.send();
    expect(life.mails.to(email).map((received) => received.token)).toEqual([token]);
  });

  it('is sent another one when a change of the account has voided those that were sent', async () => {
    const { email } = await confirmedUser();
    await useUp('reset-password', () => ask.reset(server, email, newAddress()));
    const voided = life.mails.last(email).token ?? '';
    await withAccounts(server, async (accounts) => {
      await accounts.disable(email, null);
      await accounts.enable(email);
    });
    await ask.reset(server, email, newAddress());
    const next = await life.tokenFor(email);
    expect(refusalOf(await use.reset(server, voided, NEW_PASSWORD))).toBe(INVALID);
    expect((await use.reset(server, next, PASSWORD)).data).toEqual({ resetPassword: true });
  });

  it('a change of address that is renewed is of the session that asked for it last', async () => {
    const [first, next] = [await confirmedUser(), newEmail()];
    const second = await logIn(server, first.email);
    await useUp('confirm-email-change', () => ask.emailChange(server, first.accessToken, next));
    const token = life.mails.last(next).token ?? '';
    await ask.emailChange(server, second.accessToken, next);
    await life.send();
    expect(life.mails.last(next).token).toBe(token);
    const end = 'mutation ($id: ID!) { revokeSession(id: $id) }';
    expect((await server.call(end, { id: second.sessionId }, { token: first.accessToken })).errors).toEqual([]);
    expect(refusalOf(await use.emailChange(server, token))).toBe(INVALID);
  });

  it('gets none back that is used, or was asked for more than an hour ago', async () => {
    const { email } = await confirmedUser();
    await askForMagicLink(email);
    const used = await life.tokenFor(email);
    await use.magicLink(server, used);
    await useUp('magic-link', () => askForMagicLink(email));
    const old = life.mails.last(email).token ?? '';
    const renew = async () => {
      await askForMagicLink(email);
      await life.send();
    };
    await renew();
    expect(refusalOf(await use.magicLink(server, used))).toBe(INVALID);
    // The row is as old as it says, and the counters know nothing of it.
    const connection = server.em().getConnection();
    await connection.execute('update one_time_tokens set created_at = created_at - 3601000, expires_at = created_at');
    await renew();
    expect(refusalOf(await use.magicLink(server, old))).toBe(INVALID);
  });
});

describe('a reset of the password', () => {
  it('forgives the wrong ones of the address that it comes from', async () => {
    const { email } = await signUp(server);
    const here = newAddress();
    for (let count = 0; count < WRONG_PASSWORDS.account.atOnce; count++) {
      expect(refusalOf(await tryLogin(server, email, 'wrong password', here))).toBe('INVALID_CREDENTIALS');
    }
    expect(refusalOf(await tryLogin(server, email, 'wrong password', here))).toBe('TOO_MANY_REQUESTS');
    await ask.reset(server, email);
    const token = await life.tokenFor(email);
    expect((await use.reset(server, token, NEW_PASSWORD, here)).data).toEqual({ resetPassword: true });
    expect((await tryLogin(server, email, NEW_PASSWORD, here)).errors).toEqual([]);
  });
});

describe('a wrong password of a signed-in user', () => {
  it('is counted for the session: guesses there wait, and keep the owner out nowhere else', async () => {
    const owner = await signUp(server);
    const stolen = await logIn(server, owner.email);
    const guess = () => changePassword(server, stolen.accessToken, 'wrong password', NEW_PASSWORD);
    const refusals = [];
    for (let count = 0; count <= WRONG_PASSWORDS.account.atOnce; count++) refusals.push(refusalOf(await guess()));
    expect(refusals).toEqual([
      ...Array.from({ length: WRONG_PASSWORDS.account.atOnce }, () => 'INVALID_CREDENTIALS'),
      'TOO_MANY_REQUESTS',
    ]);
    expect((await changePassword(server, owner.accessToken, PASSWORD, NEW_PASSWORD)).data).toEqual({
      changePassword: true,
    });
    expect(await whoAmI(server, stolen.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await logIn(server, owner.email, NEW_PASSWORD)).id).toBe(owner.id);
  });
});
