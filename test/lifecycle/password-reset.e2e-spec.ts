import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { fieldsOf, tryLogin } from '../accounts/operations.js';
import { logIn, newEmail, PASSWORD, refresh, signUp, withAccounts } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { ask, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

describe('a password reset', () => {
  it('sets the password by the link of the mail, ends every session, confirms the address and tells the owner', async () => {
    const { server } = life;
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    expect((await ask.reset(server, user.email.toUpperCase())).data).toEqual({ requestPasswordReset: true });
    const { link, token = '', subject } = await life.mailTo(user.email);
    expect([subject, link]).toEqual(['Choose a new password', `http://localhost:5173/reset-password#token=${token}`]);

    const answer = await use.reset(server, token, NEW_PASSWORD);
    expect([answer.data, answer.errors]).toEqual([{ resetPassword: true }, []]);
    for (const { accessToken, refreshToken } of [user, other]) {
      expect(await whoAmI(server, accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
      expect(refusalOf(await refresh(server, refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    }
    expect(refusalOf(await tryLogin(server, user.email))).toBe('INVALID_CREDENTIALS');
    const { accessToken } = await logIn(server, user.email, NEW_PASSWORD);
    const { data } = await server.call('{ me { emailVerified } }', {}, { token: accessToken });
    expect(data).toEqual({ me: { emailVerified: true } });
    expect((await life.mailTo(user.email)).subject).toBe('Your password was changed');
    const events = await server.em().find(AuditEvent, { subjectId: user.id }, { orderBy: { id: 'asc' } });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['user.link_requested', 'user.password_reset']),
    );
  });

  it('refuses a weak password by its rule, and keeps the link for a better one', async () => {
    const { server } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    const token = await life.tokenFor(email);
    for (const [password, message] of [
      ['short', 'The password must have at least 8 characters.'],
      ['password', 'The password is among the most common ones.'],
      [email, 'The password must differ from the e-mail address and from the name of this service.'],
    ] as const) {
      const refused = await use.reset(server, token, password);
      expect([refusalOf(refused), fieldsOf(refused)]).toEqual([
        'BAD_USER_INPUT/WEAK_PASSWORD',
        [{ path: 'input.newPassword', message }],
      ]);
    }
    expect((await tryLogin(server, email)).errors).toEqual([]);
    expect((await use.reset(server, token, NEW_PASSWORD)).data).toEqual({ resetPassword: true });
  });

  it('works once, until its time is over; a younger link takes its place only by being used', async () => {
    const { server } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    const first = await life.tokenFor(email);
    await ask.reset(server, email);
    const second = await life.tokenFor(email);
    await ask.reset(server, email);
    const last = await life.tokenFor(email);
    server.clock.advance(3_600 - 60);
    // Anybody can ask for one more: that must not void the link that the owner is about to use.
    expect((await use.reset(server, second, NEW_PASSWORD)).data).toEqual({ resetPassword: true });
    for (const token of [first, second, last])
      expect(refusalOf(await use.reset(server, token, PASSWORD))).toBe(INVALID);
    await ask.reset(server, email);
    const third = await life.tokenFor(email);
    server.clock.advance(3_600);
    expect(refusalOf(await use.reset(server, third, PASSWORD))).toBe(INVALID);
    expect((await tryLogin(server, email, NEW_PASSWORD)).errors).toEqual([]);
  });

  it('writes to nobody who has no account, and to no disabled one', async () => {
    const { server } = life;
    const [stranger, disabled] = [newEmail(), await signUp(server)];
    await ask.reset(server, disabled.email);
    const token = await life.tokenFor(disabled.email);
    await withAccounts(server, (accounts) => accounts.disable(disabled.email, null));
    const before = life.mails.received.length;
    for (const email of [stranger, disabled.email]) {
      expect((await ask.reset(server, email)).data).toEqual({ requestPasswordReset: true });
    }
    await life.send();
    expect(life.mails.received.length).toBe(before);
    expect(refusalOf(await use.reset(server, token, NEW_PASSWORD))).toBe(INVALID);
  });
});
