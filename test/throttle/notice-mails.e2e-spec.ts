import { readFileSync } from 'node:fs';
import { Transactions } from '../../src/database/transactions.js';
import { Mail } from '../../src/mail/mail.entity.js';
import type { MailTemplate } from '../../src/mail/mail-template.js';
import { Outbox } from '../../src/mail/outbox.js';
import { MAIL_BUDGETS, MAIL_FOR_NO_LINK } from '../../src/throttle/limits.js';
import { administer, signUpWithPermissions } from '../administration/operations.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from '../lifecycle/operations.js';
import { newEmail, PASSWORD, signUp, signUpConfirmed, type TestUser } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';

const HOUR = 3_600;
const TIMES = 8;

let life: LifecycleServer;
/** May write accounts, and no more. */
let helper: TestUser;
beforeAll(async () => {
  const env = { RATE_LIMITS_ENABLED: 'true', NEW_DEVICE_NOTICE: 'true', TRUST_PROXY: '1', MAIL_RETRY_FOR: '1h' };
  life = await LifecycleServer.start({ redis: false, env });
});
beforeEach(async () => {
  helper = await signUpWithPermissions(life.server, 'users:read', 'users:write', 'users:delete');
});
afterAll(() => life.stop());

/** Says of an address that it is the user's, who has shown nothing. */
const give = ({ id }: TestUser, email: string) =>
  administer(life.server, helper.accessToken).update({ id, email, emailVerified: true });

async function giveAndMove(user: TestUser, email: string): Promise<void> {
  const next = newEmail();
  expect((await give(user, email)).errors).toEqual([]);
  await ask.emailChange(life.server, user.accessToken, next);
  expect((await use.emailChange(life.server, await life.tokenFor(next))).errors).toEqual([]);
}

async function giveAndTake(user: TestUser, email: string): Promise<void> {
  for (const address of [email, newEmail()]) expect((await give(user, address)).errors).toEqual([]);
}

async function confirmAndNot({ id }: TestUser): Promise<void> {
  const helping = administer(life.server, helper.accessToken);
  for (const emailVerified of [false, true]) expect((await helping.update({ id, emailVerified })).errors).toEqual([]);
}

async function makeAndDelete(email: string): Promise<void> {
  const helping = administer(life.server, helper.accessToken);
  const { data } = await helping.create({ email, emailVerified: true });
  expect((await helping.delete(data?.['createUser']?.id ?? '')).errors).toEqual([]);
}

function signInFrom(email: string, device: number) {
  const headers = { 'user-agent': 'Firefox', 'x-forwarded-for': `198.51.100.${String(device)}` };
  const document = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
  return life.server.call(document, { input: { email, password: PASSWORD } }, { headers });
}

/** What takes many steps to cause. */
const leave = (template: MailTemplate, recipient: string) =>
  life.server.app.get(Transactions).runApart((em) => {
    life.server.app.get(Outbox).write(em, { template, recipient });
    return Promise.resolve();
  });

/** Makes what causes one such mail to the address, again and again. */
type Cause = (email: string) => Promise<(time: number) => Promise<unknown>>;

/** With an account, made by `how`, that is at the address. */
const at =
  (how: typeof signUpConfirmed, cause: (user: TestUser, time: number) => Promise<unknown>): Cause =>
  async (email) => {
    const user = await how(life.server, email);
    return (time) => cause(user, time);
  };

/** With an account that is elsewhere. */
const elsewhere =
  (cause: (user: TestUser, email: string) => Promise<unknown>): Cause =>
  async (email) => {
    const user = await signUpConfirmed(life.server);
    return () => cause(user, email);
  };

const askToMoveTo = elsewhere((user, email) => ask.emailChange(life.server, user.accessToken, email));

/** Each template has one: none is without a budget. */
const CAUSES: Readonly<Record<MailTemplate, Cause>> = {
  'verify-email': at(signUp, ({ email }) => ask.verification(life.server, email)),
  'reset-password': at(signUp, ({ email }) => ask.reset(life.server, email)),
  'magic-link': at(signUp, ({ email }) => ask.magicLink(life.server, email)),
  'confirm-email-change': askToMoveTo,
  'email-changed': elsewhere(giveAndMove),
  'email-left': elsewhere((_, email) => leave('email-left', email)),
  'email-moved-back': elsewhere((_, email) => leave('email-moved-back', email)),
  'email-replaced': elsewhere(giveAndTake),
  'email-unconfirmed': at(signUpConfirmed, confirmAndNot),
  'password-changed': at(signUpConfirmed, ({ accessToken }, time) =>
    changePassword(life.server, accessToken, '', `${NEW_PASSWORD} ${String(time)}`),
  ),
  'new-device': at(signUpConfirmed, ({ email }, time) => signInFrom(email, time)),
  'more-devices': at(signUpConfirmed, ({ email }, time) => signInFrom(email, time)),
  'account-exists': async (email) => {
    await signUpConfirmed(life.server, email);
    return askToMoveTo(email);
  },
  'account-waiting': async (email) => {
    await signUp(life.server, email);
    return askToMoveTo(email);
  },
  'account-deleted': elsewhere((_, email) => makeAndDelete(email)),
};

/** How many came. */
function received(template: MailTemplate, email: string): number {
  const text = readFileSync(new URL(`../../assets/mail/en/${template}.txt`, import.meta.url), 'utf8');
  const subject = /^Subject: (.*)$/m.exec(text)?.[1];
  return life.mails.to(email).filter((mail) => mail.subject === subject).length;
}

async function fill(template: MailTemplate, email = newEmail()): Promise<string> {
  const cause = await CAUSES[template](email);
  for (let time = 0; time < TIMES; time++) {
    await cause(time);
    await life.send();
  }
  return email;
}

describe('the mailbox of an address', () => {
  it.each(Object.keys(CAUSES) as MailTemplate[])(
    'is not filled with %s, also by somebody who may write accounts',
    async (template) => {
      const email = await fill(template);
      expect(received(template, email)).toBe(template === 'more-devices' ? 1 : 5);
    },
  );

  it('is not filled with links, also by somebody who says again and again that an account is there', async () => {
    const email = newEmail();
    const user = await signUpConfirmed(life.server);
    for (let time = 0; time < TIMES; time++) {
      expect((await give(user, email)).errors).toEqual([]);
      for (let request = 0; request < TIMES; request++) await ask.reset(life.server, email);
      await life.send();
      expect((await give(user, newEmail())).errors).toEqual([]);
    }
    const most = MAIL_BUDGETS['reset-password'].attempts + MAIL_FOR_NO_LINK.attempts;
    expect(received('reset-password', email)).toBe(most);
  });
});

describe('the notices of an hour', () => {
  it('are not used up by changes that failed', async () => {
    const [email, taken] = [newEmail(), newEmail()];
    await signUp(life.server, taken);
    const user = await signUpConfirmed(life.server, email);
    for (let time = 0; time < TIMES; time++) expect(refusalOf(await give(user, taken))).toBe('EMAIL_TAKEN');
    expect((await give(user, newEmail())).errors).toEqual([]);
    await life.send();
    expect(received('email-replaced', email)).toBe(1);
  });

  it('keep no link from an address that takes a change back: it comes half an hour later', async () => {
    const email = await fill('email-changed');
    expect(await life.server.em().count(Mail, { recipient: email })).toBe(1);
    life.server.clock.advance(HOUR / 2);
    const token = await life.tokenFor(email);
    expect(received('email-changed', email)).toBe(MAIL_BUDGETS['email-changed'].attempts + 1);
    expect((await use.revert(life.server, token)).data).toEqual({ revertEmailChange: true });
  });

  it('keep no link waiting so long that its mail is not tried again, also where mails are tried for an hour', async () => {
    const { server, mails } = life;
    const email = await fill('email-changed');
    const mail = () => server.em().findOneOrFail(Mail, { recipient: email });
    mails.mood = { refuses: 451 };
    while ((await mail()).lastError === null) {
      server.clock.advance(60);
      await life.send();
    }
    mails.mood = 'accepts';
    expect((await mail()).failedAt).toBeNull();
    server.clock.advance(60);
    await life.send();
    expect(received('email-changed', email)).toBe(MAIL_BUDGETS['email-changed'].attempts + 1);
  });

  it('keep a link waiting also where the clock of another instance is minutes behind', async () => {
    const email = await fill('email-changed');
    life.server.clock.advance(-600);
    await life.send();
    expect(received('email-changed', email)).toBe(MAIL_BUDGETS['email-changed'].attempts);
    life.server.clock.advance(600);
  });

  it('count each mail once, however often it is tried', async () => {
    const email = newEmail();
    life.mails.mood = { refuses: 451 };
    await leave('email-left', email);
    for (let time = 0; time < TIMES; time++) {
      await life.send();
      life.server.clock.advance(HOUR / TIMES - 1);
    }
    life.mails.mood = 'accepts';
    life.server.clock.advance(HOUR);
    await life.send();
    expect(received('email-left', email)).toBe(1);
  });
});
