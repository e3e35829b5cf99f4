import { MAIL_BUDGETS } from '../../src/throttle/limits.js';
import { trySignup } from '../accounts/operations.js';
import { LifecycleServer } from '../lifecycle/operations.js';
import { newEmail } from '../support/accounts.js';

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
