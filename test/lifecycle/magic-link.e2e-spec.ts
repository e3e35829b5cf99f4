import { decodeJwt } from 'jose';
import { tryLogin } from '../accounts/operations.js';
import { administer } from '../administration/operations.js';
import { logIn, newEmail, signUp, signUpWithRoles, withAccounts } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { ask, LifecycleServer, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

async function verifiedUser() {
  const user = await signUp(life.server);
  await withAccounts(life.server, (accounts) => accounts.markEmailVerified(user.email));
  return user;
}

describe('a magic link', () => {
  it('signs its owner in, once, for 10 minutes', async () => {
    const { server } = life;
    const user = await verifiedUser();
    await ask.magicLink(server, user.email);
    const { link, token = '', text } = await life.mailTo(user.email);
    expect(link).toBe(`http://localhost:5173/magic-link#token=${token}`);
    expect(text).toContain('10 minutes');
    const { data } = await use.magicLink(server, token);
    expect(data?.loginWithMagicLink).toMatchObject({
      user: { id: user.id, email: user.email, emailVerified: true },
      session: { authMethods: ['otp'] },
    });
    expect(await whoAmI(server, data?.loginWithMagicLink.accessToken ?? '')).toBe(user.id);
    expect(refusalOf(await use.magicLink(server, token))).toBe(INVALID);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);

    await ask.magicLink(server, user.email);
    const late = await life.tokenFor(user.email);
    server.clock.advance(600);
    expect(refusalOf(await use.magicLink(server, late))).toBe(INVALID);
  });

  /** @see https://www.usenix.org/conference/usenixsecurity22/presentation/sudhodanan */
  it('gives an unconfirmed account to the owner of the address alone: former sessions, links and the password end', async () => {
    const { server } = life;
    const squatter = await signUp(server);
    const elsewhere = newEmail();
    await ask.emailChange(server, squatter.accessToken, elsewhere);
    const change = await life.tokenFor(elsewhere);
    await ask.magicLink(server, squatter.email);
    const { data } = await use.magicLink(server, await life.tokenFor(squatter.email));
    expect(data?.loginWithMagicLink.user).toEqual({ id: squatter.id, email: squatter.email, emailVerified: true });
    expect(await whoAmI(server, squatter.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(refusalOf(await tryLogin(server, squatter.email))).toBe('INVALID_CREDENTIALS');
    expect(refusalOf(await use.emailChange(server, change))).toBe(INVALID);
  });

  it('is named by the session in which an administrator acts who signed in by it', async () => {
    const { server } = life;
    const admin = await signUpWithRoles(server, 'admin');
    await withAccounts(server, (accounts) => accounts.markEmailVerified(admin.email));
    await ask.magicLink(server, admin.email);
    const { data } = await use.magicLink(server, await life.tokenFor(admin.email));
    const user = await signUp(server);
    const answer = await administer(server, data?.loginWithMagicLink.accessToken).impersonate(user.id);
    expect(decodeJwt(answer.data?.['impersonate']?.accessToken ?? '')).toMatchObject({
      sub: user.id,
      act: { sub: admin.id },
      amr: ['otp'],
    });
  });

  it('makes no account, and is of no use to a disabled one', async () => {
    const { server } = life;
    const stranger = newEmail();
    await ask.magicLink(server, stranger);
    await life.send();
    expect(life.mails.to(stranger)).toEqual([]);

    const user = await verifiedUser();
    await ask.magicLink(server, user.email);
    const token = await life.tokenFor(user.email);
    await withAccounts(server, (accounts) => accounts.disable(user.email, null));
    expect(refusalOf(await use.magicLink(server, token))).toBe(INVALID);
    await withAccounts(server, (accounts) => accounts.enable(user.email));
    expect(refusalOf(await use.magicLink(server, token))).toBe(INVALID);
  });

  it('hands its tokens over in cookies when asked to', async () => {
    const { server } = life;
    const { email } = await verifiedUser();
    await ask.magicLink(server, email);
    const token = await life.tokenFor(email);
    const { data, headers } = await server.call(
      'mutation ($input: MagicLinkInput!) { loginWithMagicLink(input: $input) { ... on AuthPayload { accessToken } } }',
      { input: { token, transport: 'COOKIE' } },
    );
    expect(data).toEqual({ loginWithMagicLink: { accessToken: null } });
    const names = headers.getSetCookie().map((cookie) => cookie.split('=')[0]);
    expect(names).toEqual(['latchkey-access', 'latchkey-refresh', 'latchkey-device']);
    expect((await logIn(server, email)).email).toBe(email);
  });
});

it('a magic link is neither sent nor accepted with MAGIC_LINKS_ENABLED=false', async () => {
  const without = await LifecycleServer.start({ env: { MAGIC_LINKS_ENABLED: 'false' } });
  try {
    const info = await without.server.call('{ serverInfo { magicLinksEnabled } }');
    expect(info.data).toEqual({ serverInfo: { magicLinksEnabled: false } });
    expect(refusalOf(await ask.magicLink(without.server, newEmail()))).toBe('FORBIDDEN');
    expect(refusalOf(await use.magicLink(without.server, 'lko_x'))).toBe('FORBIDDEN');
  } finally {
    await without.stop();
  }
});
