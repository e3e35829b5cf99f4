import type { RevocationReason } from '../../src/sessions/session-end.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  refresh,
  signUp,
  signUpWithRoles,
  type TestUser,
  withAccounts,
} from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { ask, changePassword, deleteAccount, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start({ env: { MAX_SESSIONS_PER_USER: '4' } });
});
afterAll(() => life.stop());

/** Who shares an account: its owner, and a thief in a session of their own. */
interface Shared {
  owner: TestUser;
  thief: TestUser;
}

const logout = (token: string, everywhere: boolean) =>
  life.server.call('mutation ($input: LogoutInput) { logout(input: $input) }', { input: { everywhere } }, { token });
const revokeOthers = (token: string) => life.server.call('mutation { revokeOtherSessions }', {}, { token });

/**
 * Every way in which the session of the thief is ended by somebody or something else. Nobody changes an address in a session
 * of an impersonator, and taking a change back is about a change that has happened.
 */
const ENDINGS: Record<
  Exclude<RevocationReason, 'impersonator_left' | 'rights_changed' | 'email_change_reverted'>,
  (shared: Shared) => Promise<unknown>
> = {
  logout: ({ owner }) => logout(owner.accessToken, true),
  revoked_by_user: ({ owner, thief }) =>
    life.server.call(`mutation { revokeSession(id: "${thief.sessionId}") }`, {}, { token: owner.accessToken }),
  revoked_by_admin: async ({ owner }) => {
    const { accessToken: token } = await signUpWithRoles(life.server, 'admin');
    return life.server.call(`mutation { revokeUserSessions(userId: "${owner.id}") }`, {}, { token });
  },
  session_limit: async ({ owner }) => {
    for (let index = 0; index < 4; index++) await logIn(life.server, owner.email);
  },
  account_disabled: ({ owner: { email } }) =>
    withAccounts(life.server, async (accounts) => {
      await accounts.disable(email, null);
      await accounts.enable(email);
    }),
  account_deleted: ({ owner }) => deleteAccount(life.server, owner.accessToken),
  password_changed: ({ owner }) => changePassword(life.server, owner.accessToken, PASSWORD, NEW_PASSWORD),
  password_reset: async ({ owner }) => {
    await ask.reset(life.server, owner.email);
    return use.reset(life.server, await life.tokenFor(owner.email), PASSWORD);
  },
  address_proved: async ({ owner }) => {
    await ask.magicLink(life.server, owner.email);
    return use.magicLink(life.server, await life.tokenFor(owner.email));
  },
  refresh_reused: async ({ thief }) => {
    await refresh(life.server, thief.refreshToken);
    life.server.clock.advance(60);
    return refresh(life.server, thief.refreshToken);
  },
};

async function share(): Promise<Shared & { email: string }> {
  const owner = await signUp(life.server);
  const thief = await logIn(life.server, owner.email);
  const email = newEmail();
  expect((await ask.emailChange(life.server, thief.accessToken, email, '')).errors).toEqual([]);
  return { owner, thief, email };
}

const addressOf = async ({ accessToken: token }: TestUser) =>
  (await life.server.call<{ me: { email: string } }>('{ me { email } }', {}, { token })).data?.me.email;

describe('a change of address ends with the session that asked for it', () => {
  it.each(Object.entries(ENDINGS))('when that is ended (%s), sent or not', async (_, end) => {
    const sent = await share();
    const token = await life.tokenFor(sent.email);
    await end(sent);
    expect(refusalOf(await use.emailChange(life.server, token))).toBe(INVALID);

    const waiting = await share();
    await end(waiting);
    // Some of these ways wait for a mail themselves, and everything that is due is sent by that.
    const before = life.mails.to(waiting.email).length;
    await life.send();
    expect(life.mails.to(waiting.email).length).toBe(before);
  });

  it('and with no other: of two sessions the one that goes on keeps its change', async () => {
    const { owner, thief, email } = await share();
    const token = await life.tokenFor(email);
    await life.server.call(`mutation { revokeSession(id: "${owner.sessionId}") }`, {}, { token: thief.accessToken });
    expect((await use.emailChange(life.server, token)).data?.confirmEmailChange.email).toBe(email);
  });

  it('unless its user logs out of it; to end all others ends the change as well', async () => {
    const kept = await share();
    const token = await life.tokenFor(kept.email);
    await logout(kept.thief.accessToken, false);
    expect((await use.emailChange(life.server, token)).data?.confirmEmailChange.email).toBe(kept.email);

    for (const end of [revokeOthers, (own: string) => logout(own, true)]) {
      const { owner, thief, email } = await share();
      const other = await life.tokenFor(email);
      await logout(thief.accessToken, false);
      await end(owner.accessToken);
      expect(refusalOf(await use.emailChange(life.server, other))).toBe(INVALID);
      expect((await logIn(life.server, owner.email)).id).toBe(owner.id);
    }
  });

  it('also when that session had ended by itself before it is named', async () => {
    const { owner, thief, email } = await share();
    const token = await life.tokenFor(email);
    await logout(thief.accessToken, false);
    const revoke = `mutation { revokeSession(id: "${thief.sessionId}") }`;
    expect(refusalOf(await life.server.call(revoke, {}, { token: owner.accessToken }))).toBe('NOT_FOUND');
    expect(refusalOf(await use.emailChange(life.server, token))).toBe(INVALID);
    expect(await addressOf(owner)).toBe(owner.email);
  });
});
