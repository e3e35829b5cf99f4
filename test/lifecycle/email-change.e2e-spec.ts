import { FormerAddress } from '../../src/users/former-address.entity.js';
import { HeldAddress } from '../../src/users/held-address.entity.js';
import { Outbox } from '../../src/mail/outbox.js';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { fieldsOf, tryLogin, trySignup } from '../accounts/operations.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  refresh,
  signUp,
  signUpConfirmed,
  signUpWithRoles,
  withAccounts,
} from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';
const DAY = 86_400;

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

/** A user whose address was changed, and the token that takes it back. */
async function changed() {
  const { server } = life;
  const user = await signUpConfirmed(server);
  const email = newEmail();
  await ask.emailChange(server, user.accessToken, email);
  await use.emailChange(server, await life.tokenFor(email));
  return { user, email, revert: await life.tokenFor(user.email) };
}

/** The same, when the mail that tells the former address could not be sent. */
async function changedUntold(refuses: number) {
  const { server, mails } = life;
  const user = await signUpConfirmed(server);
  const email = newEmail();
  await ask.emailChange(server, user.accessToken, email);
  const token = await life.tokenFor(email);
  mails.mood = { refuses };
  await use.emailChange(server, token);
  await life.send();
  mails.mood = 'accepts';
  return user;
}

describe('a change of address', () => {
  it('happens by the link to the new one, which is confirmed by that, and the old one is told', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const email = newEmail();
    expect((await ask.emailChange(server, user.accessToken, email.toUpperCase())).data).toEqual({
      requestEmailChange: true,
    });
    const { token = '', link } = await life.mailTo(email);
    expect(link).toBe(`http://localhost:5173/confirm-email-change#token=${token}`);
    expect((await life.mailTo(email)).text).toContain('can take this change back for 7 days');
    expect(life.mails.to(user.email)).toEqual([]);
    expect((await tryLogin(server, user.email)).errors).toEqual([]);

    expect((await use.emailChange(server, token)).data).toEqual({
      confirmEmailChange: { id: user.id, email, emailVerified: true },
    });
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect((await logIn(server, email)).id).toBe(user.id);
    expect(refusalOf(await tryLogin(server, user.email))).toBe('INVALID_CREDENTIALS');
    const notice = await life.mailTo(user.email);
    expect([notice.subject, notice.link]).toEqual([
      'Your e-mail address was changed',
      `http://localhost:5173/revert-email-change#token=${notice.token ?? ''}`,
    ]);
    expect(notice.text).toContain('7 days');
  });

  it('away from an address that nobody has confirmed tells it nothing, and holds nothing against its owner', async () => {
    const { server } = life;
    const [stranger, email] = [newEmail(), newEmail()];
    const squatter = await signUp(server, stranger);
    await ask.emailChange(server, squatter.accessToken, email, '');
    expect((await use.emailChange(server, await life.tokenFor(email))).errors).toEqual([]);
    await life.send();
    expect(life.mails.to(stranger)).toEqual([]);
    expect((await signUp(server, stranger)).id).not.toBe(squatter.id);
  });

  it('needs the password', async () => {
    const { server } = life;
    const user = await signUp(server);
    const email = newEmail();
    expect(refusalOf(await ask.emailChange(server, user.accessToken, email, 'wrong password'))).toBe(
      'INVALID_CREDENTIALS',
    );
    server.clock.advance(601);
    expect(refusalOf(await ask.emailChange(server, user.accessToken, email, ''))).toBe(
      'UNAUTHENTICATED/REAUTHENTICATION_REQUIRED',
    );
    await life.send();
    expect(life.mails.to(email)).toEqual([]);
  });

  it('to the address of another account answers alike; its owner is told, and nothing changes', async () => {
    const { server } = life;
    const [user, third, other] = [await signUp(server), await signUp(server), await signUpConfirmed(server)];
    const answers = [
      await ask.emailChange(server, user.accessToken, other.email),
      await ask.emailChange(server, third.accessToken, newEmail()),
    ].map(({ data, errors }) => ({ data, errors }));
    expect(answers[0]).toEqual(answers[1]);
    const notice = await life.mailTo(other.email);
    expect([notice.subject, notice.link]).toEqual(['You have an account already', undefined]);
  });

  it('takes the place of an older one at once, whether its address is free, taken or held', async () => {
    const { server } = life;
    const taken = (await signUpConfirmed(server)).email;
    const held = (await changed()).user.email;
    const fates = [];
    for (const next of [newEmail(), taken, held]) {
      const user = await signUp(server);
      const email = newEmail();
      await ask.emailChange(server, user.accessToken, email);
      const token = await life.tokenFor(email);
      await ask.emailChange(server, user.accessToken, next);
      fates.push(refusalOf(await use.emailChange(server, token, null)));
      await life.send();
      fates.push(refusalOf(await use.emailChange(server, token, null)));
    }
    expect(fates).toEqual(fates.map(() => INVALID));
  });

  it('to an address that somebody has taken since is refused, and the account keeps its own', async () => {
    const { server } = life;
    const user = await signUp(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    const token = await life.tokenFor(email);
    const other = await signUp(server, email);
    const refused = await use.emailChange(server, token);
    expect([refusalOf(refused), fieldsOf(refused)]).toEqual([
      'EMAIL_TAKEN',
      [{ path: 'token', message: 'belongs to an existing account' }],
    ]);
    expect([(await logIn(server, user.email)).id, (await logIn(server, email)).id]).toEqual([user.id, other.id]);
  });

  it('to an address that is kept for another account since is refused in the same way', async () => {
    const { server } = life;
    const user = await signUp(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    const token = await life.tokenFor(email);
    const other = await signUpConfirmed(server, email);
    const next = newEmail();
    await ask.emailChange(server, other.accessToken, next);
    expect((await use.emailChange(server, await life.tokenFor(next))).errors).toEqual([]);
    expect(refusalOf(await use.emailChange(server, token))).toBe('EMAIL_TAKEN');
    expect([(await logIn(server, user.email)).id, (await logIn(server, next)).id]).toEqual([user.id, other.id]);
  });
});

describe('taking a change of address back', () => {
  it('is EMAIL_TAKEN when somebody has the address all the same, and nothing of it happens', async () => {
    const { server } = life;
    const { user, email, revert } = await changed();
    // By hand: as long as the way back is good, nobody else can have the address.
    await server.em().nativeDelete(HeldAddress, { userId: user.id });
    await server.em().nativeDelete(FormerAddress, { user: user.id });
    const other = await signUp(server, user.email);
    const answer = await use.revert(server, revert);
    expect([refusalOf(answer), fieldsOf(answer)]).toEqual([
      'EMAIL_TAKEN',
      [{ path: 'token', message: 'belongs to an existing account' }],
    ]);
    expect([(await logIn(server, email)).id, (await logIn(server, user.email)).id]).toEqual([user.id, other.id]);
  });

  it('works for 7 days, once, and ends every session', async () => {
    const { server } = life;
    const { user, email, revert } = await changed();
    const thief = await logIn(server, email);
    server.clock.advance(7 * DAY - 60);
    const alive = await logIn(server, email);
    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    for (const { accessToken } of [user, thief, alive]) expect(await whoAmI(server, accessToken)).not.toBe(user.id);
    expect(await whoAmI(server, alive.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await tryLogin(server, email))).toBe('INVALID_CREDENTIALS');
    expect(refusalOf(await use.revert(server, revert))).toBe(INVALID);
    expect((await life.mailTo(user.email)).subject).toBe('Choose a new password');

    const late = await changed();
    server.clock.advance(7 * DAY + 1);
    expect(refusalOf(await use.revert(server, late.revert))).toBe(INVALID);
    expect((await logIn(server, late.email)).id).toBe(late.user.id);
  });

  it.each(['known to the thief', 'set by the thief before', 'set by the thief since'])(
    'voids a password that was %s, and the owner gets the link to another one',
    async (which) => {
      const { server } = life;
      const user = await signUpConfirmed(server);
      const set = (token: string) => changePassword(server, token, PASSWORD, NEW_PASSWORD);
      if (which.endsWith('before')) await set(user.accessToken);
      const email = newEmail();
      await ask.emailChange(server, user.accessToken, email, '');
      await use.emailChange(server, await life.tokenFor(email), null, { token: user.accessToken });
      if (which.endsWith('since')) await set(user.accessToken);
      await use.revert(server, await life.tokenFor(user.email));
      for (const address of [user.email, email]) {
        for (const password of [PASSWORD, NEW_PASSWORD]) {
          expect(refusalOf(await tryLogin(server, address, password))).toBe('INVALID_CREDENTIALS');
        }
      }
      await use.reset(server, await life.tokenFor(user.email), 'chosen by the owner');
      expect((await logIn(server, user.email, 'chosen by the owner')).id).toBe(user.id);
    },
  );

  it('is final: whatever a thief does afterwards, as fast as a program, the link that the owner got works', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const [email, third] = [newEmail(), newEmail()];
    // A session that was left open is enough for all of this.
    await changePassword(server, user.accessToken, '', NEW_PASSWORD);
    await ask.emailChange(server, user.accessToken, email, '');
    await use.emailChange(server, await life.tokenFor(email), null, { token: user.accessToken });
    const revert = await life.tokenFor(user.email);
    for (const request of [ask.reset, ask.magicLink, ask.verification]) await request(server, email);
    await ask.emailChange(server, user.accessToken, third, '');
    await life.send();
    const links = [...life.mails.to(email), ...life.mails.to(third)].flatMap(({ token }) => token ?? []);

    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    const owners = await life.tokenFor(user.email);
    for (let round = 0; round < 3; round++) {
      for (const password of [PASSWORD, NEW_PASSWORD])
        expect(refusalOf(await tryLogin(server, user.email, password))).toBe('INVALID_CREDENTIALS');
      expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
      expect(refusalOf(await ask.emailChange(server, user.accessToken, third, ''))).toBe(
        'UNAUTHENTICATED/TOKEN_REVOKED',
      );
      for (const token of links) {
        for (const redeem of [use.emailChange, use.revert, use.magicLink, use.verification] as const)
          expect(refusalOf(await redeem(server, token))).toBe(INVALID);
        expect(refusalOf(await use.reset(server, token, NEW_PASSWORD))).toBe(INVALID);
      }
      for (const request of [ask.reset, ask.magicLink, ask.verification]) await request(server, user.email);
      await trySignup(server, { email: user.email });
      await life.send();
    }
    expect((await use.reset(server, owners, 'chosen by the owner')).data).toEqual({ resetPassword: true });
    expect((await logIn(server, user.email, 'chosen by the owner')).id).toBe(user.id);
  });

  it('outlives everything that a thief can do: another change, another password, a sign-up at the old address', async () => {
    const { server } = life;
    const { user, email, revert } = await changed();
    const thief = await logIn(server, email);
    await changePassword(server, thief.accessToken, PASSWORD, NEW_PASSWORD);
    const third = newEmail();
    await ask.emailChange(server, thief.accessToken, third, NEW_PASSWORD);
    await use.emailChange(server, await life.tokenFor(third), NEW_PASSWORD);
    const thiefsRevert = await life.tokenFor(email);
    expect(refusalOf(await trySignup(server, { email: user.email }))).toBe('EMAIL_TAKEN');

    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    // The thief held the address in between, and has no right to it any more.
    expect(refusalOf(await use.revert(server, thiefsRevert))).toBe(INVALID);
    expect(await whoAmI(server, thief.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    await use.reset(server, await life.tokenFor(user.email), PASSWORD);
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('takes nothing from an address that had the account before: its older link works', async () => {
    const { server } = life;
    const { user, email, revert } = await changed();
    server.clock.advance(1);
    const third = newEmail();
    await ask.emailChange(server, user.accessToken, third);
    await use.emailChange(server, await life.tokenFor(third));
    expect((await use.revert(server, await life.tokenFor(email))).data).toEqual({ revertEmailChange: true });
    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    await use.reset(server, await life.tokenFor(user.email), PASSWORD);
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('withdraws what waits to be sent: no link to the thief follows', async () => {
    const { server, mails } = life;
    const { user, email, revert } = await changed();
    const thief = await logIn(server, email);
    const third = newEmail();
    await ask.emailChange(server, thief.accessToken, third);
    await use.emailChange(server, await life.tokenFor(third));
    const before = mails.to(email).length;
    await use.revert(server, revert);
    await life.send();
    expect(mails.to(email).length).toBe(before);
    expect(mails.last(user.email).subject).toBe('Choose a new password');
  });

  describe('by going back to the former address oneself', () => {
    /** What the thief does, and the owner after them. @returns the addresses */
    async function movedAndBack(isTold: boolean) {
      const { server, mails } = life;
      const owner = await signUpConfirmed(server);
      const thief = await logIn(server, owner.email);
      const email = newEmail();
      await move(thief.accessToken, email, isTold ? undefined : 451);
      await move(owner.accessToken, owner.email);
      await life.send();
      expect(mails.last(email)).toMatchObject({ subject: 'Your e-mail address was changed back', link: undefined });
      return { owner, thief, email };
    }

    async function move(token: string, email: string, refuses?: number): Promise<void> {
      const { server, mails } = life;
      await ask.emailChange(server, token, email);
      const link = await life.tokenFor(email);
      if (refuses !== undefined) mails.mood = { refuses };
      const moved = await use.emailChange(server, link, null, { token });
      expect(moved.data?.confirmEmailChange).toMatchObject({ email });
      await life.send();
      mails.mood = 'accepts';
    }

    it.each([true, false])(
      'ends what came after it: the thief has no way back (owner was told: %s)',
      async (isTold) => {
        const { server, mails } = life;
        const { owner, thief, email } = await movedAndBack(isTold);
        expect(mails.to(email).map(({ subject }) => subject)).not.toContain('Your e-mail address was changed');
        expect(await server.em().count(OneTimeToken, { user: owner.id, purpose: 'email_revert' })).toBe(0);

        await move(thief.accessToken, newEmail());
        expect((await use.revert(server, await life.tokenFor(owner.email))).data).toEqual({ revertEmailChange: true });
        expect(await server.em().count(OneTimeToken, { user: owner.id, purpose: 'email_revert', usedAt: null })).toBe(
          0,
        );
        await use.reset(server, await life.tokenFor(owner.email), 'chosen by the owner');
        expect((await logIn(server, owner.email, 'chosen by the owner')).id).toBe(owner.id);
      },
    );

    it('takes nothing from an address that had the account before', async () => {
      const { server } = life;
      const { user, email, revert } = await changed();
      server.clock.advance(1);
      await move(user.accessToken, newEmail());
      await move(user.accessToken, email);
      expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    });

    it('is a change like any other once the way back is over', async () => {
      const { server, mails } = life;
      const { user, email } = await changed();
      server.clock.advance(7 * DAY + 1);
      const fresh = await logIn(server, email);
      await move(fresh.accessToken, user.email);
      expect(mails.last(email)).toMatchObject({ subject: 'Your e-mail address was changed' });
      expect((await use.revert(server, await life.tokenFor(email))).data).toEqual({ revertEmailChange: true });
    });
  });

  it('is over once an administrator has given the account an address, sent or waiting', async () => {
    const { server, mails } = life;
    const { user, revert, email } = await changed();
    const untold = await changedUntold(451);
    const root = await signUpWithRoles(server, 'admin');
    const give = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { email } }';
    for (const { id } of [user, untold]) {
      const input = { id, email: newEmail(), emailVerified: true };
      const given = await server.call(give, { input }, { token: root.accessToken });
      expect(given.data).toEqual({ updateUser: { email: input.email } });
    }
    expect(refusalOf(await use.revert(server, revert))).toBe(INVALID);
    server.clock.advance(10);
    await life.send();
    expect(mails.to(untold.email).flatMap(({ link }) => link ?? [])).toEqual([]);
    expect(mails.last(email).subject).toBe('Your e-mail address was changed by an administrator');
    expect((await signUp(server, user.email)).id).not.toBe(user.id);
  });

  it('is of no use while the account is disabled, and works again afterwards', async () => {
    const { server } = life;
    const { user, email, revert } = await changed();
    await withAccounts(server, (accounts) => accounts.disable(email, null));
    expect(refusalOf(await use.revert(server, revert))).toBe(INVALID);
    await withAccounts(server, (accounts) => accounts.enable(email));
    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
    await use.reset(server, await life.tokenFor(user.email), PASSWORD);
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('is told to the old address also while the account is disabled', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    await use.emailChange(server, await life.tokenFor(email));
    await withAccounts(server, (accounts) => accounts.disable(email, null));
    const revert = await life.tokenFor(user.email);
    expect(refusalOf(await use.revert(server, revert))).toBe(INVALID);
    await withAccounts(server, (accounts) => accounts.enable(email));
    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
  });

  it('keeps the old address as long as its link works, however late that was sent', async () => {
    const { server } = life;
    const user = await changedUntold(451);
    server.clock.advance(3 * 3600);
    const revert = await life.tokenFor(user.email);
    server.clock.advance(7 * DAY - 3600);
    expect(refusalOf(await trySignup(server, { email: user.email }))).toBe('EMAIL_TAKEN');
    expect((await use.revert(server, revert)).data).toEqual({ revertEmailChange: true });
  });

  it('is told to nobody when somebody else has the old address by the time the mail can be sent', async () => {
    const { server, mails } = life;
    const user = await changedUntold(550);
    server.clock.advance(7 * DAY + 1);
    const other = await signUp(server, user.email);
    const outbox = server.app.get(Outbox);
    await server.em().transactional((em) => outbox.retryAll(em));
    await life.send();
    expect(mails.to(user.email).map(({ subject }) => subject)).toEqual([]);
    expect((await logIn(server, user.email)).id).toBe(other.id);
  });

  it('keeps the old address for its owner alone until then', async () => {
    const { server } = life;
    const { user } = await changed();
    expect(refusalOf(await trySignup(server, { email: user.email }))).toBe('EMAIL_TAKEN');
    expect((await ask.emailChange(server, user.accessToken, user.email)).data).toEqual({ requestEmailChange: true });
    await use.emailChange(server, await life.tokenFor(user.email));
    expect((await logIn(server, user.email)).id).toBe(user.id);

    const other = await changed();
    server.clock.advance(7 * DAY + 1);
    expect((await signUp(server, other.user.email)).id).not.toBe(other.user.id);
  });
});
