import { Metrics } from '../../src/telemetry/metrics.js';
import { fieldsOf, tryLogin } from '../accounts/operations.js';
import { logIn, PASSWORD, refresh, refreshed, signUp, signUpConfirmed } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { figureIn } from '../support/metrics.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';
const REAUTHENTICATE = 'UNAUTHENTICATED/REAUTHENTICATION_REQUIRED';
const TEN_MINUTES = 600;
/** The clock of a test goes on by itself besides. */
const MARGIN = 60;

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

describe('a change of password', () => {
  /** @see better-auth/better-auth#1780, nhost/nhost#4192 */
  it('ends every other session, leaves its own, and tells the owner', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const other = await logIn(server, user.email);
    expect((await changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD)).data).toEqual({
      changePassword: true,
    });
    expect(await whoAmI(server, other.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, other.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect((await refreshed(server, user.refreshToken)).id).toBe(user.id);
    expect(refusalOf(await tryLogin(server, user.email))).toBe('INVALID_CREDENTIALS');
    expect((await logIn(server, user.email, NEW_PASSWORD)).id).toBe(user.id);
    const { subject, link } = await life.mailTo(user.email);
    expect([subject, link]).toEqual(['Your password was changed', undefined]);
  });

  it("is not told to an address that nobody has confirmed: it may be a stranger's", async () => {
    const { server } = life;
    const squatter = await signUp(server);
    await changePassword(server, squatter.accessToken, PASSWORD, NEW_PASSWORD);
    await life.send();
    expect(life.mails.to(squatter.email)).toEqual([]);
  });

  it('without the password takes more than a sign-in of a clock that was ahead', async () => {
    const { server } = life;
    server.clock.advance(86_400);
    const user = await signUp(server);
    server.clock.advance(-86_400);
    const { accessToken } = await refreshed(server, user.refreshToken);
    expect(refusalOf(await changePassword(server, accessToken, '', NEW_PASSWORD))).toBe(REAUTHENTICATE);
    expect((await tryLogin(server, user.email)).errors).toEqual([]);
  });

  it('with a wrong or weak password changes nothing and ends nothing', async () => {
    const { server } = life;
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    expect(refusalOf(await changePassword(server, user.accessToken, 'wrong password', NEW_PASSWORD))).toBe(
      'INVALID_CREDENTIALS',
    );
    for (const [weak, message] of [
      ['1234567', 'The password must have at least 8 characters.'],
      [user.email, 'The password must differ from the e-mail address and from the name of this service.'],
    ] as const) {
      const refused = await changePassword(server, user.accessToken, PASSWORD, weak);
      expect([refusalOf(refused), fieldsOf(refused)]).toEqual([
        'BAD_USER_INPUT/WEAK_PASSWORD',
        [{ path: 'input.newPassword', message }],
      ]);
    }
    expect(await whoAmI(server, other.accessToken)).toBe(user.id);
    expect((await tryLogin(server, user.email)).errors).toEqual([]);
    await life.send();
    expect(life.mails.to(user.email)).toEqual([]);
  });

  it('voids no link of the mailbox, sent or waiting: whoever has the password alone cannot keep the owner out', async () => {
    const { server } = life;
    const user = await signUp(server);
    await ask.magicLink(server, user.email);
    const magicLink = await life.tokenFor(user.email);
    await ask.verification(server, user.email);
    const verification = await life.tokenFor(user.email);
    // Asked for, and not yet sent.
    await ask.reset(server, user.email);
    await changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD);
    const reset = await life.tokenFor(user.email);
    await changePassword(server, user.accessToken, NEW_PASSWORD, 'the phrase of a thief');

    expect((await use.verification(server, verification, 'the phrase of a thief')).errors).toEqual([]);
    expect((await use.magicLink(server, magicLink)).data?.loginWithMagicLink.user.id).toBe(user.id);
    expect((await use.reset(server, reset, 'chosen by the owner')).data).toEqual({ resetPassword: true });
    expect(refusalOf(await tryLogin(server, user.email, 'the phrase of a thief'))).toBe('INVALID_CREDENTIALS');
    expect((await logIn(server, user.email, 'chosen by the owner')).id).toBe(user.id);
  });

  it.each(['its own', 'another'])(
    'voids the change of address that %s session asked for, sent or waiting',
    async (which) => {
      const { server } = life;
      const user = await signUp(server);
      const session = which === 'another' ? await logIn(server, user.email) : user;
      const email = `new-${user.email}`;
      await ask.emailChange(server, session.accessToken, email);
      const sent = await life.tokenFor(email);
      await ask.emailChange(server, session.accessToken, email);
      await changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD);
      const before = life.mails.to(email).length;
      await life.send();
      expect(life.mails.to(email)).toHaveLength(before);
      expect(refusalOf(await use.emailChange(server, sent, NEW_PASSWORD))).toBe(INVALID);
    },
  );
});

describe('a reset of the password', () => {
  it('voids every other link, sent or waiting', async () => {
    const { server } = life;
    const user = await signUp(server);
    const links: [string, () => ReturnType<typeof server.call>][] = [];
    for (const [name, request, redeem] of [
      ['reset', ask.reset, (token: string) => use.reset(server, token, 'the phrase of a thief')],
      ['magic link', ask.magicLink, (token: string) => use.magicLink(server, token)],
      ['verification', ask.verification, (token: string) => use.verification(server, token)],
    ] as const) {
      await request(server, user.email);
      const token = await life.tokenFor(user.email);
      links.push([name, () => redeem(token)]);
    }
    await ask.emailChange(server, user.accessToken, `new-${user.email}`);
    const change = await life.tokenFor(`new-${user.email}`);
    links.push(['change of address', () => use.emailChange(server, change)]);
    await ask.reset(server, user.email);
    const reset = await life.tokenFor(user.email);
    // Asked for, and not yet sent.
    await ask.reset(server, user.email);
    await ask.magicLink(server, user.email);
    await ask.emailChange(server, user.accessToken, `other-${user.email}`);
    expect((await use.reset(server, reset, NEW_PASSWORD)).data).toEqual({ resetPassword: true });

    const before = life.mails.received.length;
    await life.send();
    expect(life.mails.received.slice(before).map(({ subject }) => subject)).toEqual(['Your password was changed']);
    for (const [name, redeem] of links) expect([name, refusalOf(await redeem())]).toEqual([name, INVALID]);
    expect((await logIn(server, user.email, NEW_PASSWORD)).id).toBe(user.id);
  });
});

describe('a change of the account', () => {
  it('needs the password, or a sign-in within the last 10 minutes', async () => {
    const { server } = life;
    const user = await signUp(server);
    server.clock.advance(TEN_MINUTES - MARGIN);
    expect((await changePassword(server, user.accessToken, '', NEW_PASSWORD)).data).toEqual({ changePassword: true });
    server.clock.advance(2 * MARGIN);
    const refused = await changePassword(server, user.accessToken, '', PASSWORD);
    expect([refusalOf(refused), refused.errors[0]?.extensions.action]).toEqual([REAUTHENTICATE, 'REAUTHENTICATE']);
    // A refresh proves nothing: who signed in is still as long ago.
    const { accessToken } = await refreshed(server, user.refreshToken);
    expect(refusalOf(await changePassword(server, accessToken, '', PASSWORD))).toBe(REAUTHENTICATE);
    expect((await changePassword(server, accessToken, NEW_PASSWORD, PASSWORD)).data).toEqual({ changePassword: true });
    const again = await logIn(server, user.email);
    expect((await changePassword(server, again.accessToken, '', NEW_PASSWORD)).data).toEqual({ changePassword: true });
  });
});

it('a change by somebody whom the owner throws out meanwhile does not happen', async () => {
  // A hash takes long enough to do something in between, on a busy machine too.
  const slow = await LifecycleServer.start({ env: { BCRYPT_COST: '14' } });
  const { server } = slow;
  const isHashing = async () =>
    figureIn(await server.app.get(Metrics).registry.metrics(), 'password_hashes_running') > 0;
  try {
    const owner = await signUp(server);
    const thief = await logIn(server, owner.email);
    // By the fresh sign-in: nothing but the session itself tells that it is over.
    const stolen = changePassword(server, thief.accessToken, '', 'the phrase of a thief');
    await eventually('the new password is being hashed', isHashing);
    const ended = await server.call('mutation { revokeOtherSessions }', {}, { token: owner.accessToken });
    expect([ended.data, await isHashing()]).toEqual([{ revokeOtherSessions: 1 }, true]);
    expect(refusalOf(await stolen)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await logIn(server, owner.email)).id).toBe(owner.id);
  } finally {
    await slow.stop();
  }
});

it('of two changes with one password at once one happens', async () => {
  const slow = await LifecycleServer.start();
  try {
    const owner = await signUp(slow.server);
    const other = await logIn(slow.server, owner.email);
    const answers = await Promise.all([
      changePassword(slow.server, owner.accessToken, PASSWORD, NEW_PASSWORD),
      changePassword(slow.server, other.accessToken, PASSWORD, 'yet another phrase'),
    ]);
    expect(answers.filter(({ data }) => data?.changePassword).length).toBe(1);
    const [refused] = answers.flatMap((answer) => refusalOf(answer) ?? []);
    expect(['UNAUTHENTICATED/TOKEN_REVOKED', 'INVALID_CREDENTIALS']).toContain(refused);
    const password = answers[0].data ? NEW_PASSWORD : 'yet another phrase';
    expect((await tryLogin(slow.server, owner.email, password)).errors).toEqual([]);
  } finally {
    await slow.stop();
  }
});
