import { Mail } from '../../src/mail/mail.entity.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { oneTimeToken } from '../../src/tokens/one-time-token.js';
import { type Budget, OPERATION_LIMITS, WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { ask, changePassword, NEW_PASSWORD, use } from '../lifecycle/operations.js';
import { logIn, newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { LimiterTime } from '../support/limiter-time.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    redis: false,
    env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1', JOBS_ENABLED: 'false' },
  });
});
afterAll(() => server.stop());

let networks = 0;
const newAddress = () => ({
  headers: { 'x-forwarded-for': `203.0.${String(networks >> 8)}.${String(networks++ & 255)}` },
});

function budgetOf(mutation: string, per: Budget['per']): Budget {
  const budget = OPERATION_LIMITS[mutation]?.budgets.find((it) => it.per === per);
  if (!budget) throw new Error(`${mutation} has no budget for each ${per}`);
  return budget;
}

const waiting = (recipient: string) => server.em().count(Mail, { recipient });

describe('the mailbox of an account', () => {
  it.each([
    ['requestPasswordReset', ask.reset],
    ['requestEmailVerification', ask.verification],
    ['requestMagicLink', ask.magicLink],
  ] as const)(
    'is not filled by %s, from however many addresses, whether there is an account or not',
    async (name, request) => {
      const { attempts, seconds } = budgetOf(name, 'account');
      const known = await signUp(server);
      const time = new LimiterTime();
      try {
        const answers = [];
        for (const email of [known.email, newEmail()]) {
          for (let count = 0; count < attempts; count++) {
            expect((await request(server, email.toUpperCase(), newAddress())).errors).toEqual([]);
          }
          const refused = await request(server, email, newAddress());
          answers.push([refusalOf(refused), refused.errors[0]?.message.replace(/\d+ s/, 'some s')]);
          expect(await waiting(email)).toBe(attempts);
        }
        const message = `Too many attempts (limit: ${name}:account). Wait for some s.`;
        expect(answers).toEqual([
          ['TOO_MANY_REQUESTS', message],
          ['TOO_MANY_REQUESTS', message],
        ]);
        time.advance(seconds);
        expect((await request(server, known.email, newAddress())).errors).toEqual([]);
      } finally {
        time.restore();
      }
    },
  );

  it('of a third one is not filled by requestEmailChange, nor by signup', async () => {
    const { attempts } = budgetOf('requestEmailChange', 'account');
    const victim = newEmail();
    const users = [await signUp(server), await signUp(server)];
    const answers = [];
    for (let count = 0; count <= attempts; count++) {
      answers.push(refusalOf(await ask.emailChange(server, users[count % 2]?.accessToken ?? '', victim)));
    }
    expect(answers).toEqual([...Array.from({ length: attempts }, () => undefined), 'TOO_MANY_REQUESTS']);
    expect(await waiting(victim)).toBe(attempts);

    const { email } = await signUp(server);
    const refusals = new Set<string | undefined>();
    for (let count = 0; count < budgetOf('signup', 'account').attempts; count++) {
      refusals.add(refusalOf(await trySignup(server, { email })));
    }
    expect([...refusals]).toEqual(['EMAIL_TAKEN', 'TOO_MANY_REQUESTS']);
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
    const { salt } = await server.em().findOneOrFail(Mail, { recipient: email });
    await server.app.get(MailSender).sendDue();
    const token = oneTimeToken(server.env.JWT_SECRET, salt, 'password_reset');
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
