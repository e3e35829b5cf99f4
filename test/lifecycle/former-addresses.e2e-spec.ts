import { randomBytes } from 'node:crypto';
import { LifecyclePurge } from '../../src/lifecycle/lifecycle-purge.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { Outbox } from '../../src/mail/outbox.js';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { FormerAddress } from '../../src/users/former-address.entity.js';
import { trySignup } from '../accounts/operations.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  signUp,
  signUpConfirmed,
  signUpWithRoles,
  type TestUser,
} from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { refusalOf } from '../support/refusals.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';
const DAY = 86_400;

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

/** Moves the account. @returns its new address */
async function move({ accessToken }: TestUser, email = newEmail(), secondsBefore = 0): Promise<string> {
  const asked = await ask.emailChange(life.server, accessToken, email);
  expect(refusalOf(asked) ?? asked.data).toEqual({ requestEmailChange: true });
  const token = await life.tokenFor(email);
  life.server.clock.advance(-secondsBefore);
  expect((await use.emailChange(life.server, token)).data).toMatchObject({ confirmEmailChange: { email } });
  life.server.clock.advance(secondsBefore);
  return email;
}

const revert = async (email: string) => {
  const answer = await use.revert(life.server, await life.tokenFor(email));
  return refusalOf(answer) ?? answer.data;
};

describe('of two former addresses', () => {
  it('the one that had the account first goes before the other, on an instance whose clock is behind too', async () => {
    const user = await signUpConfirmed(life.server);
    const second = await move(user);
    await move(user, newEmail(), 40);
    const link = await life.tokenFor(second);
    expect(await revert(user.email)).toEqual({ revertEmailChange: true });
    expect(refusalOf(await use.revert(life.server, link))).toBe(INVALID);
  });

  it('the younger one takes nothing from the older one, whatever the clock says', async () => {
    const user = await signUpConfirmed(life.server);
    const second = await move(user);
    await move(user, newEmail(), 40);
    expect(await revert(second)).toEqual({ revertEmailChange: true });
    expect(await revert(user.email)).toEqual({ revertEmailChange: true });
  });
});

it('a clock that is ahead for a while takes no place away', async () => {
  const { clock } = life.server;
  const user = await signUpConfirmed(life.server);
  const second = await move(user);
  await life.send();
  clock.advance(8 * DAY);
  const fresh = await logIn(life.server, second);
  await move(fresh);
  clock.advance(-8 * DAY);
  const link = await life.tokenFor(second);
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });
  expect(refusalOf(await use.revert(life.server, link))).toBe(INVALID);
});

it('a purge on an instance whose clock is ahead by a day takes no place away', async () => {
  const { clock, app } = life.server;
  const purge = () => life.server.em().transactional((em) => app.get(LifecyclePurge).run(em, clock.now()));
  const user = await signUpConfirmed(life.server);
  const second = await move(user);
  await life.send();
  clock.advance(6 * DAY);
  await move(await logIn(life.server, second));
  clock.advance(DAY + 3_600);
  await purge();
  clock.advance(-7_200);
  const link = await life.tokenFor(second);
  expect(refusalOf(await trySignup(life.server, { email: user.email }))).toBe('EMAIL_TAKEN');
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });
  expect(refusalOf(await use.revert(life.server, link))).toBe(INVALID);
});

it.each([
  ['ahead', -(7 * DAY + 3_600)],
  ['right, and that of the change behind', 0],
])('a link that is sent when the right is over by a clock that is %s takes the change back', async (_which, error) => {
  const user = await signUpConfirmed(life.server);
  await move(user);
  life.server.clock.advance(7 * DAY + 3_600);
  await life.send();
  life.server.clock.advance(error);
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });
});

it('twenty addresses have a way back, the first ones; a further one is told of the change, and is free', async () => {
  const user = await signUpConfirmed(life.server);
  const emails = [user.email];
  for (let moves = 0; moves < 22; moves++) emails.push(await move(user));
  await life.send();
  const last = emails.slice(0, -1).map((email) => life.mails.last(email));
  expect(last.map(({ subject }) => subject)).toEqual(Array(22).fill('Your e-mail address was changed'));
  expect(last.flatMap(({ link }, index) => (link ? [index] : []))).toEqual([...Array(20).keys()]);
  const signUps = await Promise.all([19, 20].map((index) => trySignup(life.server, { email: emails[index] ?? '' })));
  expect(signUps.map((answer) => refusalOf(answer))).toEqual(['EMAIL_TAKEN', undefined]);
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });
});

it('a way back that is over takes none of the twenty places', async () => {
  const user = await signUpConfirmed(life.server);
  let email = user.email;
  for (let moves = 0; moves < 20; moves++) email = await move(user);
  await life.send();
  life.server.clock.advance(7 * DAY + 1);
  await move(await logIn(life.server, email));
  expect(await revert(email)).toEqual({ revertEmailChange: true });
});

it('an address whose right another one has ended is free at once', async () => {
  const user = await signUpConfirmed(life.server);
  const second = await move(user);
  await move(user);
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });
  expect((await signUp(life.server, second)).id).not.toBe(user.id);
});

describe('an address that the version before wrote in other letters, during an update,', () => {
  const written = (email: string) => email.replace('xn--bcher-kva', 'bücher');
  async function movedTwice() {
    const user = await signUpConfirmed(life.server, `${randomBytes(8).toString('hex')}@bücher.example`);
    const second = await move(user);
    await life.server.em().nativeUpdate(Mail, { recipient: user.email }, { recipient: written(user.email) });
    await life.send();
    await life.server
      .em()
      .nativeUpdate(OneTimeToken, { user: user.id, email: user.email }, { email: written(user.email) });
    await move(user);
    return { user, second };
  }

  it('has a link that works, and the account has its address in ASCII afterwards', async () => {
    const { user } = await movedTwice();
    const { token = '' } = life.mails.last(written(user.email));
    expect((await use.revert(life.server, token)).data).toEqual({ revertEmailChange: true });
    // The mail server writes the address in these letters, too.
    await use.reset(life.server, await life.tokenFor(written(user.email)), PASSWORD);
    expect((await logIn(life.server, user.email)).id).toBe(user.id);
  });

  it('keeps its link when a younger address takes the account back', async () => {
    const { user, second } = await movedTwice();
    const { token = '' } = life.mails.last(written(user.email));
    expect(await revert(second)).toEqual({ revertEmailChange: true });
    expect((await use.revert(life.server, token)).data).toEqual({ revertEmailChange: true });
  });
});

describe('an address that nobody had confirmed', () => {
  it('gets no link, and who goes back to it ends what another address had', async () => {
    const user = await signUp(life.server);
    const foreign = await move(user);
    await changePassword(life.server, user.accessToken, PASSWORD, NEW_PASSWORD);
    expect(life.mails.to(user.email).filter(({ subject }) => subject.includes('was changed'))).toEqual([]);
    const fresh = await logIn(life.server, foreign, NEW_PASSWORD);
    await ask.emailChange(life.server, fresh.accessToken, user.email, NEW_PASSWORD);
    await use.emailChange(life.server, await life.tokenFor(user.email), NEW_PASSWORD);
    await life.send();
    expect(life.mails.last(foreign)).toMatchObject({ subject: 'Your e-mail address was changed back' });
    expect(life.mails.last(foreign).link).toBeUndefined();
    expect((await logIn(life.server, user.email, NEW_PASSWORD)).id).toBe(user.id);
  });

  it('is free for its owner meanwhile', async () => {
    const user = await signUp(life.server);
    await move(user);
    expect((await signUp(life.server, user.email)).id).not.toBe(user.id);
  });
});

describe('what the version before has given or ended without a note, during an update,', () => {
  const forget = (user: TestUser) => life.server.em().nativeDelete(FormerAddress, { user: user.id });

  it('has its place: the owner who takes the account back ends the right of a later address', async () => {
    const user = await signUpConfirmed(life.server);
    const second = await move(user);
    await life.send();
    await forget(user);
    await move(user);
    const link = await life.tokenFor(second);
    expect(await revert(user.email)).toEqual({ revertEmailChange: true });
    expect(refusalOf(await use.revert(life.server, link))).toBe(INVALID);
  });

  it('has its place although its mail is sent after the next change', async () => {
    const user = await signUpConfirmed(life.server);
    const second = await move(user);
    await forget(user);
    await move(user);
    await life.send();
    const link = await life.tokenFor(second);
    expect(await revert(user.email)).toEqual({ revertEmailChange: true });
    expect(refusalOf(await use.revert(life.server, link))).toBe(INVALID);
  });

  it('is no right any more: to move to such an address is a change like any other', async () => {
    const user = await signUpConfirmed(life.server);
    const second = await move(user);
    await life.send();
    await life.server.em().nativeDelete(OneTimeToken, { user: user.id, purpose: 'email_revert' });
    await move(user, user.email);
    expect(await revert(second)).toEqual({ revertEmailChange: true });
  });
});

it('an administrator who says which address the account has ends the rights of others, also if it has that one', async () => {
  const user = await signUpConfirmed(life.server);
  const email = await move(user);
  const link = await life.tokenFor(user.email);
  const { accessToken: token } = await signUpWithRoles(life.server, 'admin');
  const name = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { email emailVerified } }';
  const update = async (input: object) =>
    (await life.server.call(name, { input: { id: user.id, ...input } }, { token })).data;

  expect(await update({ name: 'Ada' })).toEqual({ updateUser: { email, emailVerified: true } });
  expect(await revert(user.email)).toEqual({ revertEmailChange: true });

  const again = await move(await logInAt(user.email));
  const second = await life.tokenFor(user.email);
  expect(await update({ email: again })).toEqual({ updateUser: { email: again, emailVerified: true } });
  expect([await use.revert(life.server, link), await use.revert(life.server, second)].map(refusalOf)).toEqual([
    INVALID,
    INVALID,
  ]);
  expect((await signUp(life.server, user.email)).id).not.toBe(user.id);
});

async function logInAt(email: string): Promise<TestUser> {
  await use.reset(life.server, await life.tokenFor(email), PASSWORD);
  return logIn(life.server, email);
}

describe('a right whose mail was given up', () => {
  async function movedUntold() {
    const { mails, server } = life;
    const user = await signUpConfirmed(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    const token = await life.tokenFor(email);
    mails.mood = { refuses: 550 };
    await use.emailChange(server, token);
    await life.send();
    mails.mood = 'accepts';
    return { user, email };
  }
  const retry = async () => {
    await life.server.em().transactional((em) => life.server.app.get(Outbox).retryAll(em));
    await life.send();
  };

  it('is there for 7 days: an operator can have it sent', async () => {
    const { user } = await movedUntold();
    life.server.clock.advance(6 * DAY);
    await retry();
    life.server.clock.advance(6 * DAY);
    expect(refusalOf(await trySignup(life.server, { email: user.email }))).toBe('EMAIL_TAKEN');
    expect(await revert(user.email)).toEqual({ revertEmailChange: true });
  });

  it('is over then however often it was tried meanwhile', async () => {
    const { user } = await movedUntold();
    life.server.clock.advance(7 * DAY);
    life.mails.mood = { refuses: 550 };
    await retry();
    life.mails.mood = 'accepts';
    life.server.clock.advance(DAY + 1);
    await retry();
    expect(life.mails.last(user.email).link).toBeUndefined();
    life.server.clock.advance(6 * DAY);
    expect((await signUp(life.server, user.email)).id).not.toBe(user.id);
  });

  it('is over after 7 days and one more: the change is told without a link, and nothing is taken from the address that is left later', async () => {
    const { user, email } = await movedUntold();
    life.server.clock.advance(8 * DAY + 1);
    await retry();
    const told = life.mails.to(user.email).map(({ subject, link }) => ({ subject, link }));
    expect(told).toEqual([{ subject: 'Your e-mail address was changed', link: undefined }]);
    await move(await logIn(life.server, email), user.email);
    expect(await revert(email)).toEqual({ revertEmailChange: true });
  });
});

it('the former address is kept for its account whatever secret the server has', async () => {
  const databaseUrl = await temporaryDatabaseUrl();
  const start = () =>
    LifecycleServer.start({ databaseUrl, env: { JWT_SECRET: randomBytes(32).toString('base64url') } });
  const before = await start();
  const user = await signUpConfirmed(before.server);
  const email = newEmail();
  await ask.emailChange(before.server, user.accessToken, email);
  await use.emailChange(before.server, await before.tokenFor(email));
  const link = await before.tokenFor(user.email);
  await before.stop();
  const after = await start();
  expect(refusalOf(await trySignup(after.server, { email: user.email }))).toBe('EMAIL_TAKEN');
  expect((await use.revert(after.server, link)).data).toEqual({ revertEmailChange: true });
  await after.stop();
  await dropDatabase(databaseUrl);
});
