import { MAIL_BUDGETS } from '../../src/throttle/limits.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { ask, LifecycleServer, use } from '../lifecycle/operations.js';
import { newEmail, PASSWORD, withAccounts } from '../support/accounts.js';

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start({ env: { RATE_LIMITS_ENABLED: 'true', REQUIRE_EMAIL_VERIFICATION: 'true' } });
});
afterAll(() => life.stop());

it('the mailbox of an address is not filled by signup, which answers as before', async () => {
  const email = newEmail();
  for (let count = 0; count < MAIL_BUDGETS.signup.attempts + 3; count++) {
    const { data } = await trySignup(life.server, { email });
    expect(data?.signup).toEqual({ __typename: 'EmailVerificationRequired', email });
  }
  await life.send();
  expect(life.mails.to(email)).toHaveLength(MAIL_BUDGETS.signup.attempts);
});

it('a login of an unconfirmed account that has no link leaves one although strangers have used its mails up', async () => {
  const email = newEmail();
  for (let count = 0; count <= MAIL_BUDGETS['verify-email'].attempts; count++)
    await ask.verification(life.server, email);
  await life.send();
  await trySignup(life.server, { email });
  await life.send();
  await withAccounts(life.server, async (accounts) => {
    await accounts.disable(email, null);
    await accounts.enable(email);
  });
  const before = life.mails.to(email).length;
  await tryLogin(life.server, email, PASSWORD);
  const token = await life.tokenFor(email);
  expect(life.mails.to(email)).toHaveLength(before + 1);
  expect((await use.verification(life.server, token)).data?.verifyEmail.emailVerified).toBe(true);
});
