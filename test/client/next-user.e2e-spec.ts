import { Session } from '../../src/sessions/session.entity.js';
import { newEmail, PASSWORD } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { failureOf } from '../../clients/apollo/src/index.js';
import { Browser, holdAnswer, nextChange, type Tab, WAYS } from './browser.js';
import { ME, RENAME, REQUEST_RESET } from './operations.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  server.clock.freeze();
});
afterAll(() => server.stop());

const failed = (promise: Promise<unknown>) => promise.then(() => undefined, failureOf);
const SIGNED_OUT = { code: 'UNAUTHENTICATED', action: 'LOGIN' };

describe.each(WAYS)('with %s', (way) => {
  let browser: Browser;
  let tab: Tab;
  let first: string | undefined;

  beforeEach(async () => {
    browser = new Browser(server, way);
    tab = browser.open();
    await signUp();
    first = tab.latchkey.user?.id;
  });
  afterEach(() => browser.close());

  const signUp = (where = tab) => where.latchkey.signup({ email: newEmail(), password: PASSWORD });
  /** As a page asks: what the cache has is not asked for again. */
  const shown = async (where = tab) =>
    (await where.client.query({ query: ME, fetchPolicy: 'cache-first' })).data?.me.id;
  const rename = () => tab.client.mutate({ mutation: RENAME, variables: { name: 'The first' } });
  const endSession = () =>
    server.em().nativeUpdate(Session, { user: tab.latchkey.user?.id ?? '' }, { revokedAt: server.clock.now() });

  describe('a tab that has asked for data, and not who is signed in', () => {
    let other: Tab;
    beforeEach(async () => {
      other = browser.open();
      expect(await shown(other)).toBe(first);
    });

    it('shows the data of the next user, who signed in elsewhere', async () => {
      const told = nextChange(other);
      await signUp();
      await told;
      expect([other.latchkey.user, await shown(other)]).toEqual([tab.latchkey.user, tab.latchkey.user?.id]);
      expect(JSON.stringify(other.client.cache.extract())).not.toContain(first);
    });

    it('shows the data of the next user, who signed in there', async () => {
      await other.latchkey.signup({ email: newEmail(), password: PASSWORD });
      expect(await shown(other)).toBe(other.latchkey.user?.id);
      expect(JSON.stringify(other.client.cache.extract())).not.toContain(first);
    });

    it.each(['there', 'elsewhere'])('shows nothing after a logout %s', async (where) => {
      const told = nextChange(other);
      await (where === 'there' ? other : tab).latchkey.logout();
      await told;
      expect(await failed(shown(other))).toMatchObject({ reason: 'TOKEN_MISSING' });
      expect([other.latchkey.user, other.client.cache.extract()]).toEqual([null, {}]);
      if (tab.latchkey.user) await nextChange(tab);
      expect(tab.signedOut).toEqual(['LOGGED_OUT']);
    });

    it('shows nothing after the server has ended the session', async () => {
      await endSession();
      expect(await failed(other.client.query({ query: ME }))).toMatchObject({ reason: 'TOKEN_REVOKED' });
      expect(await failed(shown(other))).toMatchObject(SIGNED_OUT);
      expect([other.latchkey.user, other.client.cache.extract()]).toEqual([null, {}]);
    });

    it('keeps what it shows when the token is replaced elsewhere', async () => {
      const before = other.client.cache.extract();
      const told = nextChange(other);
      server.clock.advance(1000);
      await tab.client.query({ query: ME });
      if (!other.latchkey.user) await told;
      expect([other.client.cache.extract(), await shown(other)]).toEqual([before, first]);
    });
  });

  it('the cache is empty by the time the change is told', async () => {
    await shown();
    const found: unknown[] = [];
    tab.latchkey.onChange(() => found.push(tab.client.readQuery({ query: ME })));
    await signUp();
    await shown();
    await tab.latchkey.logout();
    expect(found).toEqual([null, null]);
  });

  describe('an answer to the first user that comes late', () => {
    const nextSignsIn = () => signUp();
    const logOut = () => tab.latchkey.logout();

    it.each([
      ['the next user has signed in', nextSignsIn],
      ['the logout', logOut],
    ])('to a mutation is for nobody after %s', async (_what, happens) => {
      const answer = holdAnswer(tab, 'Rename');
      const pending = failed(rename());
      await answer.given;
      await happens();
      answer.deliver();
      expect(await pending).toMatchObject({ ...SIGNED_OUT, reason: 'SESSION_REVOKED' });
      expect(tab.client.cache.extract()).toEqual({});
    });

    it.each([
      ['the next user has signed in', nextSignsIn],
      ['the logout', logOut],
    ])('to a query is for nobody after %s: Apollo Client has given it up', async (_what, happens) => {
      const answer = holdAnswer(tab, 'Me');
      const pending = failed(shown());
      await answer.given;
      await happens();
      answer.deliver();
      expect(await pending).toMatchObject({ code: 'UNREACHABLE' });
      expect(tab.client.cache.extract()).toEqual({});
    });

    it.each([
      ['query', 'Me', () => shown(), () => rename()],
      ['mutation', 'Rename', () => rename(), () => shown()],
    ])('to a %s is for nobody after the server has ended the session', async (_what, operation, ask, askMeanwhile) => {
      const answer = holdAnswer(tab, operation);
      const pending = failed(ask());
      await answer.given;
      await endSession();
      expect(await failed(askMeanwhile())).toMatchObject({ reason: 'TOKEN_REVOKED' });
      answer.deliver();
      expect(await pending).toMatchObject({ ...SIGNED_OUT, reason: 'SESSION_REVOKED' });
      expect(await failed(shown())).toMatchObject(SIGNED_OUT);
      expect([tab.latchkey.user, tab.client.cache.extract()]).toEqual([null, {}]);
    });

    it('is not the answer to the same question of the next user', async () => {
      const ask = () => tab.client.query({ query: ME, context: { queryDeduplication: true } });
      const answer = holdAnswer(tab, 'Me');
      const pending = failed(ask());
      await answer.given;
      await signUp();
      tab.interfere = () => undefined;
      const asked = ask();
      answer.deliver();
      expect((await asked).data?.me.id).toBe(tab.latchkey.user?.id);
      expect(await pending).toMatchObject({ code: 'UNREACHABLE' });
    });

    it('does not say who is signed in', async () => {
      const other = browser.open();
      await other.latchkey.currentUser();
      const answer = holdAnswer(other, 'LatchkeyMe');
      const pending = other.latchkey.currentUser({ fresh: true });
      await answer.given;
      const told = nextChange(other);
      await signUp();
      await told;
      answer.deliver();
      expect(await pending).toEqual(tab.latchkey.user);
      expect(other.latchkey.user).toEqual(tab.latchkey.user);
    });
  });

  it('what nobody asked is answered, whoever has signed in meanwhile', async () => {
    await tab.latchkey.logout();
    const answer = holdAnswer(tab, 'RequestReset');
    const pending = tab.client.mutate({ mutation: REQUEST_RESET, variables: { email: newEmail() } });
    await answer.given;
    await signUp();
    answer.deliver();
    expect((await pending).data).toEqual({ requestPasswordReset: true });
  });

  it.each(['this tab', 'another tab'])('a sign-in waits for a logout in %s that is under way', async (which) => {
    const leaving = which === 'this tab' ? tab : browser.open();
    await leaving.latchkey.currentUser();
    browser.forgetSent();
    const logout = holdAnswer(leaving, 'LatchkeyLogout');
    const loggedOut = leaving.latchkey.logout();
    await logout.given;
    const signedIn = signUp();
    // What has to wait for another sign-up, as this one has, and for no logout, is answered although it was begun later.
    const elsewhere = new Browser(server, way);
    const free = elsewhere.open();
    await signUp(free);
    await signUp(free);
    elsewhere.close();
    expect(browser.sent).toEqual(['LatchkeyLogout']);
    logout.deliver();
    await Promise.all([loggedOut, signedIn]);
    // The late answer to the logout has not taken the cookies of the next user away.
    expect(await shown()).toBe(tab.latchkey.user?.id);
    expect([first === tab.latchkey.user?.id, tab.latchkey.user]).toEqual([false, expect.anything()]);
  });

  it('a logout that has to wait does not sign the next user out', async () => {
    const leaving = browser.open();
    await leaving.latchkey.currentUser();
    const signup = holdAnswer(tab, 'LatchkeySignup');
    const signedIn = signUp();
    await signup.given;
    const loggedOut = leaving.latchkey.logout();
    signup.deliver();
    await Promise.all([signedIn, loggedOut]);
    expect(await shown()).toBe(tab.latchkey.user?.id);
    expect([browser.count('LatchkeyLogout'), tab.signedOut, leaving.signedOut]).toEqual([0, [], []]);
  });
});

describe('where tabs hear nothing of each other', () => {
  const { BroadcastChannel, navigator } = globalThis;
  beforeAll(() => Object.assign(globalThis, { BroadcastChannel: undefined, navigator: undefined }));
  afterAll(() => Object.assign(globalThis, { BroadcastChannel, navigator }));

  let browser: Browser;
  afterEach(() => browser.close());

  const signUp = (tab: Tab) => tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
  const keptUser = () => {
    const [text = '{}'] = browser.storage.values();
    return (JSON.parse(text) as { userId?: string }).userId;
  };

  it('with BODY in a storage, a late refresh does not overwrite the tokens of the next user', async () => {
    browser = new Browser(server, 'BODY in a storage');
    const [former, next] = [browser.open(), browser.open()];
    await signUp(former);
    server.clock.advance(1000);
    const refresh = holdAnswer(former, 'LatchkeyRefresh');
    const pending = failed(former.client.mutate({ mutation: RENAME, variables: { name: 'The first' } }));
    await refresh.given;
    await signUp(next);
    refresh.deliver();
    expect(await pending).toMatchObject(SIGNED_OUT);
    expect([keptUser(), former.sent]).toEqual([next.latchkey.user?.id, ['LatchkeySignup', 'LatchkeyRefresh']]);
    expect(await former.latchkey.currentUser()).toEqual(next.latchkey.user);
  });

  it.each(['logs out', 'is signed out by the server'])(
    'with BODY in a storage, the tokens of the next user stay there when the first one %s',
    async (how) => {
      browser = new Browser(server, 'BODY in a storage');
      const [former, next] = [browser.open(), browser.open()];
      await signUp(former);
      await signUp(next);
      if (how === 'logs out') await former.latchkey.logout();
      else {
        const user = former.latchkey.user?.id ?? '';
        await server.em().nativeUpdate(Session, { user }, { revokedAt: server.clock.now() });
        expect(await failed(former.client.query({ query: ME }))).toMatchObject({ reason: 'TOKEN_REVOKED' });
      }
      expect([former.latchkey.user, keptUser()]).toEqual([null, next.latchkey.user?.id]);
    },
  );

  it('with COOKIE, a page learns of the next user when it asks afresh, and forgets what it showed', async () => {
    browser = new Browser(server, 'COOKIE');
    const [former, next] = [browser.open(), browser.open()];
    await signUp(former);
    await former.client.query({ query: ME, fetchPolicy: 'cache-first' });
    await signUp(next);
    expect(await former.latchkey.currentUser({ fresh: true })).toEqual(next.latchkey.user);
    expect([former.client.cache.extract(), former.changes.at(-1)]).toEqual([{}, next.latchkey.user]);
  });
});
