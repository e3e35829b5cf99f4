import { failureOf } from '../../clients/apollo/src/index.js';
import { Session } from '../../src/sessions/session.entity.js';
import { newEmail, PASSWORD, withAccounts } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { Browser, holdAnswer, nextChange, type Tab, WAYS } from './browser.js';
import { CHANGE_PASSWORD, ME, RENAME } from './operations.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  server.clock.freeze();
});
afterAll(() => server.stop());

const failed = (promise: Promise<unknown>) => promise.then(() => undefined, failureOf);

describe.each(WAYS)('with %s', (way) => {
  let browser: Browser;
  let tab: Tab;
  let email: string;

  beforeEach(() => {
    browser = new Browser(server, way);
    tab = browser.open();
    email = newEmail();
  });
  afterEach(() => browser.close());

  const signup = () => tab.latchkey.signup({ email, password: PASSWORD });
  const me = async (where = tab) => (await where.client.query({ query: ME })).data?.me;

  it('nobody is signed in at first, and what needs a sign-in is refused without a refresh', async () => {
    expect(tab.latchkey.user).toBeUndefined();
    expect(await tab.latchkey.currentUser()).toBeNull();
    expect(await failed(me())).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING', action: 'LOGIN' });
    expect([tab.signedOut, tab.latchkey.signedOutReason]).toEqual([[], undefined]);
    expect(tab.changes).toEqual([null]);
    // Only with cookies it takes a question to know.
    expect(browser.sent).toEqual(way === 'COOKIE' ? ['LatchkeyMe', 'Me'] : ['Me']);
  });

  it('signing up and logging in say who it is, and hand no token to the page', async () => {
    const user = { email, emailVerified: false, name: 'Ada', roles: ['user'], permissions: [] };
    const result = await tab.latchkey.signup({ email, password: PASSWORD, name: 'Ada' });
    expect(result).toEqual({ __typename: 'AuthPayload', user: expect.objectContaining(user) });
    expect(tab.latchkey.user).toEqual(expect.objectContaining(user));

    await tab.latchkey.logout();
    expect(await tab.latchkey.login({ email, password: PASSWORD })).toEqual(result);
    expect(tab.changes.map((it) => it?.email ?? null)).toEqual([email, null, email]);
    expect(tab.latchkey.signedOutReason).toBeUndefined();
    expect(await tab.latchkey.currentUser()).toBe(tab.latchkey.user);
  });

  it('wrong credentials are told as such, never lead to a refresh, and end no session', async () => {
    await signup();
    browser.forgetSent();
    const wrong = { code: 'INVALID_CREDENTIALS', action: 'FIX_INPUT' };
    expect(await failed(tab.latchkey.login({ email, password: 'not it at all' }))).toMatchObject(wrong);
    const input = { currentPassword: 'not it at all', newPassword: `${PASSWORD} 2` };
    expect(await failed(tab.client.mutate({ mutation: CHANGE_PASSWORD, variables: { input } }))).toMatchObject(wrong);
    expect(browser.sent).toEqual(['LatchkeyLogin', 'ChangePassword']);
    expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
  });

  it('a refused argument is named', async () => {
    expect(await failed(tab.latchkey.signup({ email: 'no address', password: PASSWORD }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.email', message: expect.any(String) }],
      requestId: expect.any(String),
    });
  });

  it('a logout ends the session on the server, and in all tabs', async () => {
    await signup();
    const token = tab.authorizations.at(-1);
    const accessToken = await tab.latchkey.accessToken();
    const others = [browser.open(), browser.open()];
    await Promise.all(others.map(({ latchkey }) => latchkey.currentUser()));

    await tab.latchkey.logout();
    for (const other of others) if (other.latchkey.user) await nextChange(other);
    for (const each of [tab, ...others]) {
      expect([each.latchkey.user, each.signedOut]).toEqual([null, ['LOGGED_OUT']]);
      expect(each.latchkey.signedOutReason).toBe('LOGGED_OUT');
      expect(await each.latchkey.accessToken()).toBeNull();
      expect(await failed(me(each))).toMatchObject({ reason: 'TOKEN_MISSING' });
    }
    if (accessToken) {
      const after = await server.call('{ me { id } }', {}, { token: accessToken });
      expect(refusalOf(after)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    }
    expect([browser.storage.size, browser.jar.tokenNames(), token]).toEqual([0, [], null]);
  });

  it('a logout everywhere ends the sessions of other devices too', async () => {
    await signup();
    const phone = new Browser(server, way).open();
    await phone.latchkey.login({ email, password: PASSWORD });
    await tab.latchkey.logout({ everywhere: true });
    expect(await failed(me(phone))).toMatchObject({ reason: 'TOKEN_REVOKED' });
    expect(phone.signedOut).toEqual(['TOKEN_REVOKED']);
    phone.close();
  });

  it('a logout that the server does not hear of is told, and nobody is signed out', async () => {
    await signup();
    tab.interfere = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await failed(tab.latchkey.logout())).toEqual({ code: 'UNREACHABLE', action: 'RETRY' });
    expect([tab.latchkey.user?.email, tab.signedOut]).toEqual([email, []]);
    tab.interfere = () => undefined;
    await tab.latchkey.logout();
    expect(tab.latchkey.user).toBeNull();
  });

  it('a logout waits for a refresh that is under way, so that no token comes after it', async () => {
    await signup();
    server.clock.advance(1000);
    const refresh = holdAnswer(tab, 'LatchkeyRefresh');
    const pending = tab.client.mutate({ mutation: RENAME, variables: { name: 'Ada' } });
    await refresh.given;
    const loggedOut = tab.latchkey.logout();
    refresh.deliver();
    expect((await pending).data?.updateProfile.name).toBe('Ada');
    await loggedOut;
    expect(browser.sent).toEqual(['LatchkeySignup', 'LatchkeyRefresh', 'Rename', 'LatchkeyLogout']);
    expect(await failed(me())).toMatchObject({ reason: 'TOKEN_MISSING' });
    expect([tab.latchkey.user, tab.signedOut]).toEqual([null, ['LOGGED_OUT']]);
    expect([browser.storage.size, browser.jar.tokenNames()]).toEqual([0, []]);
  });

  it('a new tab is signed in as well', async () => {
    await signup();
    const other = browser.open();
    expect(await other.latchkey.currentUser()).toEqual(tab.latchkey.user);
    expect(await me(other)).toMatchObject({ id: tab.latchkey.user?.id });
    expect(browser.count('LatchkeyRefresh')).toBe(0);
  });

  it(`the next visit is ${way === 'BODY in memory' ? 'not ' : ''}signed in`, async () => {
    await signup();
    browser.close();
    server.clock.advance(1000);
    browser.jar.drop('latchkey-access');
    const reopened = browser.open();
    const user = await reopened.latchkey.currentUser();
    expect(user?.email ?? null).toBe(way === 'BODY in memory' ? null : email);
    expect(reopened.changes).toEqual([user]);
  });

  it('of a session that ended between two visits nobody sees anything but why', async () => {
    await signup();
    browser.close();
    server.clock.advance(31 * 86_400);
    const reopened = browser.open();
    expect(await reopened.latchkey.currentUser()).toBeNull();
    expect(reopened.changes).toEqual([null]);
    expect(reopened.signedOut).toEqual(way === 'BODY in a storage' ? ['REFRESH_TOKEN_EXPIRED'] : []);
  });

  it('a server that can not be reached is not taken for an answer', async () => {
    await signup();
    browser.close();
    const reopened = browser.open();
    reopened.interfere = () => Promise.reject(new TypeError('Failed to fetch'));
    if (way === 'BODY in memory') {
      expect(await reopened.latchkey.currentUser()).toBeNull();
      return;
    }
    expect(await failed(reopened.latchkey.currentUser())).toMatchObject({ code: 'UNREACHABLE' });
    expect([reopened.latchkey.user, reopened.changes]).toEqual([undefined, []]);
    reopened.interfere = () => undefined;
    expect((await reopened.latchkey.currentUser())?.email).toBe(email);
  });

  it('the user is read again when asked for, and is the same object until it has changed', async () => {
    await signup();
    const before = tab.latchkey.user;
    expect(await tab.latchkey.currentUser({ fresh: true })).toBe(before);
    await tab.client.mutate({ mutation: RENAME, variables: { name: 'Ada' } });
    expect(await tab.latchkey.currentUser({ fresh: true })).toEqual({ ...before, name: 'Ada' });
    expect(tab.changes.map((user) => user?.name)).toEqual([null, 'Ada']);
  });

  describe('when somebody else signs in', () => {
    it('every tab tells, and the caches of all clients are emptied', async () => {
      await signup();
      const other = browser.open();
      await other.latchkey.currentUser();
      await other.client.query({ query: ME, fetchPolicy: 'cache-first' });
      expect(other.client.cache.extract()).not.toEqual({});

      const second = newEmail();
      const told = nextChange(other);
      await tab.latchkey.signup({ email: second, password: PASSWORD });
      await told;
      expect(other.latchkey.user?.email).toBe(second);
      expect(other.signedOut).toEqual([]);
      await me(other);
      expect(other.client.cache.extract()).toEqual({});
    });

    it.each(['this tab', 'another tab'])(
      'a refresh of the first one in %s is over before, however late',
      async (which) => {
        await signup();
        const refreshing = which === 'this tab' ? tab : browser.open();
        await refreshing.latchkey.currentUser();
        server.clock.advance(1000);
        const refresh = holdAnswer(refreshing, 'LatchkeyRefresh');
        const pending = me(refreshing);
        await refresh.given;

        const second = newEmail();
        const signedIn = tab.latchkey.signup({ email: second, password: PASSWORD });
        browser.forgetSent();
        refresh.deliver();
        await pending;
        await signedIn;
        // What the browser has now is of whom the page shows.
        expect([tab.latchkey.user?.email, (await me())?.id]).toEqual([second, tab.latchkey.user?.id]);
        expect([tab.signedOut, refreshing.signedOut]).toEqual([[], []]);
      },
    );

    it('what the first one began is not sent in the name of the second', async () => {
      await signup();
      const first = tab.latchkey.user?.id ?? '';
      await withAccounts(server, (accounts) => accounts.setRoles(email, ['user']));
      const rename = holdAnswer(tab, 'Rename');
      const pending = failed(tab.client.mutate({ mutation: RENAME, variables: { name: 'The first' } }));
      await rename.given;
      await tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
      rename.deliver();
      expect(await pending).toMatchObject({ code: 'UNAUTHENTICATED', action: 'LOGIN' });
      expect([first === tab.latchkey.user?.id, await me()]).toMatchObject([false, { name: null }]);
    });
  });
});

describe('with a storage', () => {
  it('it holds tokens, and nothing of the user but the id', async () => {
    const browser = new Browser(server, 'BODY in a storage');
    const email = newEmail();
    await browser.open().latchkey.signup({ email, password: PASSWORD, name: 'Ada' });
    const [text = ''] = browser.storage.values();
    const names = ['id', 'userId', 'accessToken', 'refreshToken', 'expiresAt'];
    expect([browser.storage.size, Object.keys(JSON.parse(text) as object)]).toEqual([1, names]);
    expect(text).not.toMatch(/Ada|example\.com/);
    browser.close();
  });

  it('a tab that slept while somebody else signed in asks who it is', async () => {
    const browser = new Browser(server, 'BODY in a storage');
    const [awake, asleep] = [browser.open(), browser.open()];
    await awake.latchkey.signup({ email: newEmail(), password: PASSWORD });
    const first = await asleep.latchkey.currentUser();
    asleep.latchkey.close();
    await awake.latchkey.logout();
    server.clock.advance(1000);
    await awake.latchkey.signup({ email: newEmail(), password: PASSWORD });
    const rename = asleep.client.mutate({ mutation: RENAME, variables: { name: 'The first' } });
    expect(await failed(rename)).toMatchObject({ code: 'UNAUTHENTICATED', action: 'LOGIN' });
    expect(asleep.sent).not.toContain('Rename');
    expect(asleep.latchkey.user).toBeUndefined();
    expect(await asleep.latchkey.currentUser()).toEqual(awake.latchkey.user);
    expect(asleep.changes).toEqual([first, null, awake.latchkey.user]);
    browser.close();
  });

  it.each(['getItem', 'setItem', 'removeItem'] as const)(
    'that fails at %s, the page works without it',
    async (broken) => {
      const fails = () => {
        throw new Error('QuotaExceededError');
      };
      const memory = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
      const browser = new Browser(server, 'BODY in a storage');
      const tab = browser.open({ ...memory, [broken]: fails });
      await tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
      expect((await tab.client.query({ query: ME })).data?.me.id).toBe(tab.latchkey.user?.id);
      await tab.latchkey.logout();
      expect(tab.latchkey.user).toBeNull();
      browser.close();
    },
  );

  it('that takes its time, nothing is left of a session that ended meanwhile', async () => {
    const browser = new Browser(server, 'BODY in a storage');
    const kept = new Map<string, string>();
    const [writing, written] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const tab = browser.open({
      getItem: async (key) => kept.get(key) ?? null,
      setItem: async (key, value) => {
        writing.resolve(undefined);
        await written.promise;
        kept.set(key, value);
      },
      removeItem: async (key) => kept.delete(key),
    });
    const signedIn = tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
    await writing.promise;
    const user = tab.latchkey.user?.id ?? '';
    await server.em().nativeUpdate(Session, { user }, { revokedAt: server.clock.now() });
    const ended = nextChange(tab);
    const refused = failed(tab.client.query({ query: ME }));
    await ended;
    written.resolve(undefined);
    expect(await refused).toMatchObject({ reason: 'TOKEN_REVOKED' });
    await signedIn;
    expect([tab.latchkey.user, kept.size]).toEqual([null, 0]);
    browser.close();
  });

  it.each(['', 'garbage', 'null', '{}', '[]', '{"accessToken":1}'])(
    'that holds %j, nobody is signed in',
    async (text) => {
      const browser = new Browser(server, 'BODY in a storage');
      browser.storage.set(`latchkey BODY ${browser.uri}`, text);
      expect(await browser.open().latchkey.currentUser()).toBeNull();
      browser.close();
    },
  );

  it('a tab that slept through the news takes the newer token from there', async () => {
    const browser = new Browser(server, 'BODY in a storage');
    const [awake, asleep] = [browser.open(), browser.open()];
    await awake.latchkey.signup({ email: newEmail(), password: PASSWORD });
    await asleep.latchkey.currentUser();
    asleep.latchkey.close();
    for (let day = 0; day < 2; day++) {
      server.clock.advance(86_400);
      await awake.client.query({ query: ME });
    }
    browser.forgetSent();
    expect((await asleep.client.query({ query: ME })).data?.me.id).toBe(awake.latchkey.user?.id);
    expect([browser.sent, asleep.signedOut]).toEqual([['Me'], []]);
    browser.close();
  });
});

it('a token for requests that are not GraphQL is replaced in time as well', async () => {
  const browser = new Browser(server, 'BODY in memory');
  const tab = browser.open();
  await tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
  const first = await tab.latchkey.accessToken();
  server.clock.advance(1000);
  const second = await tab.latchkey.accessToken();
  expect(second).not.toBe(first);
  expect((await server.call('{ me { id } }', {}, { token: second ?? '' })).errors).toEqual([]);
  browser.close();
});

// Last, because of two servers in a process only the one that started last can be asked with tokens.
it('with REQUIRE_EMAIL_VERIFICATION nobody is signed in before the address is confirmed', async () => {
  const strict = await TestServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' } });
  const browser = new Browser(strict, 'BODY in memory');
  const tab = browser.open();
  const email = newEmail();
  expect(await tab.latchkey.signup({ email, password: PASSWORD })).toEqual({
    __typename: 'EmailVerificationRequired',
    email,
  });
  expect(await tab.latchkey.currentUser()).toBeNull();
  browser.close();
  await strict.stop();
});
