import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { User } from '../../src/users/user.entity.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { administer } from '../administration/operations.js';
import { CookieClient } from '../cookies/cookie-client.js';
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
import { ask, changePassword, deleteAccount, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const DAY = 86_400;

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

/** Every text in every row of the database that holds one of the words. */
async function rowsWith(...words: string[]): Promise<string[]> {
  const em = life.server.em();
  const rows: unknown[] = [];
  for (const entity of Object.values(em.getMetadata().getAll())) {
    rows.push(...(await em.getConnection().execute<unknown[]>(`select * from ${entity.tableName}`)));
  }
  return rows.map((row) => JSON.stringify(row)).filter((row) => words.some((word) => row.includes(word)));
}

describe('deleting an account', () => {
  it('leaves no personal datum anywhere, and the audit trail by ids', async () => {
    const { server } = life;
    const headers = { 'user-agent': 'A very particular browser' };
    const email = newEmail();
    await server.call(
      'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }',
      { input: { email, password: PASSWORD, name: 'Ada Lovelace' } },
      { headers },
    );
    await withAccounts(server, (accounts) => accounts.markEmailVerified(email));
    const user = await logIn(server, email);
    await ask.reset(server, email, { headers });
    await life.send();
    await ask.emailChange(server, user.accessToken, `new-${email}`);
    expect((await deleteAccount(server, user.accessToken)).data).toEqual({ deleteAccount: true });

    // The link to the new address is not sent any more.
    expect((await server.em().find(Mail, {})).map(({ template, recipient }) => [template, recipient])).toEqual([
      ['account-deleted', email],
    ]);
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await refresh(server, user.refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_INVALID');
    expect(refusalOf(await tryLogin(server, email))).toBe('INVALID_CREDENTIALS');
    expect((await life.mailTo(email)).subject).toBe('Your account was deleted');
    expect(await server.em().count(Session, { user: user.id })).toBe(0);
    expect(await server.em().count(OneTimeToken, { user: user.id })).toBe(0);
    expect(await server.em().count(User, { id: user.id })).toBe(0);
    expect(await server.em().count(Mail)).toBe(0);
    expect(await rowsWith(email, 'Ada Lovelace', 'A very particular browser')).toEqual([]);
    const trail = await server.em().find(AuditEvent, { subjectId: user.id }, { orderBy: { id: 'asc' } });
    const types = trail.map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['user.signed_up', 'user.email_verified', 'user.logged_in']);
    expect(types).toContain('user.deleted');
    const before = trail.slice(0, types.indexOf('user.deleted') + 1);
    expect(before.map(({ ipAddress, userAgent }) => [ipAddress, userAgent])).toEqual(before.map(() => [null, null]));
  });

  it('clears the cookies of the browser that asked for it', async () => {
    const browser = new CookieClient(life.server);
    await browser.signUp();
    const { data, headers } = await browser.call(`mutation { deleteAccount(password: "${PASSWORD}") }`);
    expect(data).toEqual({ deleteAccount: true });
    const cleared = headers.getSetCookie().filter((cookie) => cookie.includes('Expires=Thu, 01 Jan 1970'));
    expect(cleared.map((cookie) => cookie.split('=')[0])).toEqual(['latchkey-access', 'latchkey-refresh']);
  });

  it('needs the password, and without it nothing happens', async () => {
    const { server } = life;
    const user = await signUp(server);
    expect(refusalOf(await deleteAccount(server, user.accessToken, 'wrong password'))).toBe('INVALID_CREDENTIALS');
    server.clock.advance(601);
    expect(refusalOf(await deleteAccount(server, user.accessToken, ''))).toBe(
      'UNAUTHENTICATED/REAUTHENTICATION_REQUIRED',
    );
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('is refused to the last administrator', async () => {
    const { server } = life;
    const admin = await signUpWithRoles(server, 'admin');
    expect(refusalOf(await deleteAccount(server, admin.accessToken))).toBe('CONFLICT');
    expect(await whoAmI(server, admin.accessToken)).toBe(admin.id);
  });

  it('frees the address at once', async () => {
    const { server } = life;
    const user = await signUp(server);
    await deleteAccount(server, user.accessToken);
    expect((await signUp(server, user.email)).id).not.toBe(user.id);
  });

  it('writes nothing to an address that nobody has confirmed', async () => {
    const { server } = life;
    const squatter = await signUp(server);
    await deleteAccount(server, squatter.accessToken);
    await life.send();
    expect(life.mails.to(squatter.email)).toEqual([]);
  });

  it('tells the address that a change was taken from before it heard of the change, and frees it', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    await use.emailChange(server, await life.tokenFor(email));
    await deleteAccount(server, user.accessToken);
    await life.send();
    expect(life.mails.to(user.email).map(({ subject }) => subject)).toEqual(['Your account was deleted']);
    expect((await signUp(server, user.email)).id).not.toBe(user.id);
  });

  it('tells whoever was to get a notice of the account that waits, in its place', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    await changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD);
    const admin = administer(server, (await signUpWithRoles(server, 'admin')).accessToken);
    const email = newEmail();
    expect((await admin.update({ id: user.id, email, emailVerified: true })).errors).toEqual([]);
    expect((await deleteAccount(server, user.accessToken, NEW_PASSWORD)).data).toEqual({ deleteAccount: true });
    await life.send();
    const told = [user.email, email].map((address) => life.mails.to(address).map(({ subject }) => subject));
    expect(told).toEqual([['Your account was deleted'], ['Your account was deleted']]);
  });

  it('tells nobody who has an account of their own at such an address meanwhile', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const admin = administer(server, (await signUpWithRoles(server, 'admin')).accessToken);
    expect((await admin.update({ id: user.id, email: newEmail() })).errors).toEqual([]);
    await signUpConfirmed(server, user.email);
    await deleteAccount(server, user.accessToken);
    await life.send();
    expect(life.mails.to(user.email).map(({ subject }) => subject)).not.toContain('Your account was deleted');
  });

  it('tells an address without a way back that had not heard of the change, and nobody of a link that waits', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const move = async (email: string) => {
      await ask.emailChange(server, user.accessToken, email);
      await use.emailChange(server, await life.tokenFor(email));
    };
    const addresses = Array.from({ length: 21 }, newEmail);
    for (const address of addresses) await move(address);
    const asked = newEmail();
    await ask.emailChange(server, user.accessToken, asked);
    const left = addresses.at(-2) ?? '';
    const waits = await server.em().find(Mail, { recipient: { $in: [left, asked] } }, { orderBy: { template: 'asc' } });
    expect(waits.map(({ template }) => template)).toEqual(['confirm-email-change', 'email-left']);
    await deleteAccount(server, user.accessToken);
    await life.send();
    expect(life.mails.last(left).subject).toBe('Your account was deleted');
    expect(life.mails.to(asked)).toEqual([]);
  });

  it('takes no notice from the owner of an earlier account with the address', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    await deleteAccount(server, user.accessToken);
    const thief = await signUp(server, user.email);
    await deleteAccount(server, thief.accessToken);
    await life.send();
    expect(life.mails.to(user.email).map(({ subject }) => subject)).toEqual(['Your account was deleted']);
  });

  it('tells the address that a change was taken from, and its link is of no use any more', async () => {
    const { server } = life;
    const user = await signUpConfirmed(server);
    const email = newEmail();
    await ask.emailChange(server, user.accessToken, email);
    await use.emailChange(server, await life.tokenFor(email));
    const revert = await life.tokenFor(user.email);
    await deleteAccount(server, user.accessToken);
    await life.send();
    expect([life.mails.last(email).subject, life.mails.last(user.email).subject]).toEqual([
      'Your account was deleted',
      'Your account was deleted',
    ]);
    expect(refusalOf(await use.revert(server, revert))).toBe('BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID');
    // Nobody waits for it any more.
    expect((await signUp(server, user.email)).id).not.toBe(user.id);
  });
});

it('an account deleted under DELETED_EMAIL_HOLD keeps its address, and former ones, from everybody for so long', async () => {
  const holding = await LifecycleServer.start({ env: { DELETED_EMAIL_HOLD: '30d' } });
  try {
    const gone = await signUpConfirmed(holding.server);
    const email = newEmail();
    await ask.emailChange(holding.server, gone.accessToken, email);
    await use.emailChange(holding.server, await holding.tokenFor(email));
    await deleteAccount(holding.server, gone.accessToken);
    const signUps = () =>
      Promise.all([email, gone.email].map((address) => trySignup(holding.server, { email: address })));
    expect((await signUps()).map(refusalOf)).toEqual(['EMAIL_TAKEN', 'EMAIL_TAKEN']);
    holding.server.clock.advance(30 * DAY);
    expect((await signUps()).map(refusalOf)).toEqual([undefined, undefined]);
    // Whoever deletes an account with the address of a stranger keeps it from nobody.
    const squatter = await signUp(holding.server);
    await deleteAccount(holding.server, squatter.accessToken, '');
    expect((await trySignup(holding.server, { email: squatter.email })).errors).toEqual([]);
  } finally {
    await holding.stop();
  }
});
