import { CombinedGraphQLErrors } from '@apollo/client';
import { Session } from '../../src/sessions/session.entity.js';
import { newEmail, PASSWORD, withAccounts } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { failureOf } from '../../clients/apollo/src/index.js';
import { Browser, type Tab, WAYS } from './browser.js';
import { ME, PARTLY_PUBLIC, RENAME } from './operations.js';

const HOUR_MS = 3_600_000;
const TTL = 900;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  server.clock.freeze();
});
afterAll(() => server.stop());

describe.each(WAYS)('with %s', (way) => {
  let browser: Browser;
  let tab: Tab;
  let email: string;

  beforeEach(async () => {
    browser = new Browser(server, way);
    tab = browser.open();
    email = newEmail();
    await tab.latchkey.signup({ email, password: PASSWORD });
    browser.forgetSent();
  });
  afterEach(() => browser.close());

  const me = async (where = tab) => (await where.client.query({ query: ME })).data?.me;
  const rename = (name: string) => tab.client.mutate({ mutation: RENAME, variables: { name } });
  const makeStale = () => withAccounts(server, (accounts) => accounts.setRoles(email, ['user']));

  it('an operation is sent as whoever signed in', async () => {
    expect(await me()).toEqual({ __typename: 'User', id: tab.latchkey.user?.id, name: null, roles: ['user'] });
    expect(browser.sent).toEqual(['Me']);
  });

  it('a token is replaced ahead of its end, and no operation is refused for it', async () => {
    server.clock.advance(TTL - 15);
    await me();
    expect(browser.sent).toEqual(['Me']);
    server.clock.advance(10);
    expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
    expect(browser.sent).toEqual(['Me', 'LatchkeyRefresh', 'Me']);
  });

  it.each([
    ['fast', HOUR_MS],
    ['slow', -HOUR_MS],
  ])('a clock that is an hour %s does not matter: the server counts', async (_how, clockError) => {
    tab.clockError = clockError;
    await tab.latchkey.login({ email, password: PASSWORD });
    browser.forgetSent();
    await me();
    server.clock.advance(TTL - 5);
    await me();
    expect(browser.sent).toEqual(['Me', 'LatchkeyRefresh', 'Me']);
  });

  it('a clock that is set meanwhile costs one refresh at most', async () => {
    tab.clockError = HOUR_MS;
    await me();
    await me();
    expect(browser.sent).toEqual(['LatchkeyRefresh', 'Me', 'Me']);
    server.clock.advance(TTL + 60);
    tab.clockError = 0;
    browser.forgetSent();
    await me();
    expect(browser.sent).toEqual(['Me', 'LatchkeyRefresh', 'Me']);
  });

  it('a laptop that slept past the end refreshes once', async () => {
    server.clock.advance(8 * 3600);
    await Promise.all([me(), me(), rename('Ada')]);
    expect(browser.sent.toSorted()).toEqual(['LatchkeyRefresh', 'Me', 'Me', 'Rename']);
  });

  it('twenty operations at once wait for one refresh', async () => {
    server.clock.advance(TTL + 60);
    const answers = await Promise.all(Array.from({ length: 20 }, () => me()));
    expect(answers.every((answer) => answer?.id === tab.latchkey.user?.id)).toBe(true);
    expect([browser.count('LatchkeyRefresh'), browser.sent.length]).toEqual([1, 21]);
  });

  it('twenty operations that are told REFRESH lead to one refresh, and each is sent once more', async () => {
    await makeStale();
    const answers = await Promise.all(Array.from({ length: 20 }, () => me()));
    expect(answers.every((answer) => answer?.id === tab.latchkey.user?.id)).toBe(true);
    expect([browser.count('LatchkeyRefresh'), browser.sent.length]).toEqual([1, 41]);
  });

  it.each(['expired', 'stale'])('five tabs whose tokens are %s at once refresh once, and all go on', async (how) => {
    const tabs = [tab, ...Array.from({ length: 4 }, () => browser.open())];
    await Promise.all(tabs.map(({ latchkey }) => latchkey.currentUser()));
    if (how === 'expired') server.clock.advance(TTL + 60);
    else await makeStale();
    browser.forgetSent();
    const answers = await Promise.all(tabs.flatMap((each) => [me(each), me(each)]));
    expect(answers.every((answer) => answer?.id === tab.latchkey.user?.id)).toBe(true);
    expect(browser.count('LatchkeyRefresh')).toBe(1);
    expect(tabs.flatMap(({ signedOut }) => signedOut)).toEqual([]);

    browser.forgetSent();
    await Promise.all(tabs.map((each) => me(each)));
    expect(browser.sent).toEqual(tabs.map(() => 'Me'));
  });

  it('a changed role arrives with the next operation, and is announced', async () => {
    await withAccounts(server, (accounts) => accounts.setRoles(email, ['admin', 'user']));
    expect(await me()).toMatchObject({ roles: ['admin', 'user'] });
    expect(tab.latchkey.user?.roles).toEqual(['admin', 'user']);
    expect(tab.changes.map((user) => user?.roles)).toEqual([['user'], ['admin', 'user']]);
  });

  it('a refused mutation is sent once more, and done once', async () => {
    await makeStale();
    expect((await rename('Ada Lovelace')).data?.updateProfile.name).toBe('Ada Lovelace');
    expect(browser.sent).toEqual(['Rename', 'LatchkeyRefresh', 'Rename']);
  });

  it('a mutation of which a part was done is not sent again, and the next operation is as usual', async () => {
    await makeStale();
    const partly = tab.client.mutate({ mutation: PARTLY_PUBLIC, variables: { email: newEmail() } });
    expect(failureOf(await partly.catch((error: unknown) => error))).toMatchObject({ reason: 'TOKEN_STALE' });
    expect(browser.count('PartlyPublic')).toBe(1);
    expect(await me()).toMatchObject({ name: null });
  });

  it('a server that is never satisfied is not asked for ever', async () => {
    const errors = [
      { message: 'No.', extensions: { code: 'UNAUTHENTICATED', reason: 'TOKEN_STALE', action: 'REFRESH' } },
    ];
    tab.interfere = (operation) => (operation === 'Me' ? answered({ data: null, errors }) : undefined);
    const refusal: unknown = await me().catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(refusal)).toBe(true);
    expect([browser.count('Me'), browser.count('LatchkeyRefresh')]).toEqual([3, 2]);
    expect(tab.signedOut).toEqual([]);
  });

  describe('when the answer to a refresh is lost', () => {
    it('the same token is sent again at once, and gets the answer that was lost', async () => {
      loseAnswers(1);
      server.clock.advance(TTL + 60);
      expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
      expect(browser.sent).toEqual(['LatchkeyRefresh', 'LatchkeyRefresh', 'Me']);
    });

    it('and lost again, the operation fails, and the session is kept by another try in time', async () => {
      loseAnswers(2);
      server.clock.advance(TTL + 60);
      expect(failureOf(await me().catch((error: unknown) => error))).toEqual({ code: 'UNREACHABLE', action: 'RETRY' });
      expect(tab.endWaits()).toEqual([2_000]);
      await me();
      // Past the grace period the token that was used up would be taken for stolen.
      server.clock.advance(TTL + 3600);
      expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
      expect(tab.signedOut).toEqual([]);
    });

    it.each(['SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR'])(
      'to %s, which may come after the token was used up, the session is kept by another try in time',
      async (code) => {
        let isLost = true;
        tab.interfere = (operation, send) => {
          if (operation !== 'LatchkeyRefresh' || !isLost) return undefined;
          isLost = false;
          return send().then(() => failedWith(code));
        };
        server.clock.advance(TTL + 60);
        expect(failureOf(await me().catch((error: unknown) => error)).code).toBe(code);
        // At once it would be one more request to a server that has trouble.
        expect([browser.sent, tab.endWaits()]).toEqual([['LatchkeyRefresh'], [2_000]]);
        await me();
        server.clock.advance(TTL + 3600);
        expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
        expect(tab.signedOut).toEqual([]);
      },
    );

    it('what the server refused before it looked at the token is not repeated', async () => {
      tab.interfere = (operation) => (operation === 'LatchkeyRefresh' ? failedWith('TOO_MANY_REQUESTS') : undefined);
      server.clock.advance(TTL + 60);
      expect(failureOf(await me().catch((error: unknown) => error)).code).toBe('TOO_MANY_REQUESTS');
      expect([browser.sent, tab.endWaits()]).toEqual([['LatchkeyRefresh'], []]);
    });

    function loseAnswers(count: number): void {
      let left = count;
      tab.interfere = (operation, send) =>
        operation === 'LatchkeyRefresh' && left-- > 0 ? send().then(() => Promise.reject(new TypeError())) : undefined;
    }
  });

  describe('when no answer can be had', () => {
    const offline = () => Promise.reject(new TypeError('Failed to fetch'));
    const unavailable = () => failedWith('SERVICE_UNAVAILABLE');

    it.each([
      ['offline', 'UNREACHABLE', offline],
      ['SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE', unavailable],
      ['an error page of a proxy', 'UNREACHABLE', async () => new Response('<html>', { status: 502 })],
    ])('the session is kept: %s', async (_what, code, answer) => {
      server.clock.advance(TTL + 60);
      tab.interfere = answer;
      expect(failureOf(await me().catch((error: unknown) => error)).code).toBe(code);
      expect([tab.signedOut, tab.latchkey.user?.email]).toEqual([[], email]);
      tab.interfere = () => undefined;
      expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
    });

    it('a token that is not over yet goes on being used', async () => {
      server.clock.advance(TTL - 5);
      tab.interfere = (operation) => (operation === 'LatchkeyRefresh' ? offline() : undefined);
      expect(await me()).toMatchObject({ id: tab.latchkey.user?.id });
    });
  });

  it('a session that has ended is told by its reason, once in each tab', async () => {
    const other = browser.open();
    await other.latchkey.currentUser();
    server.clock.advance(31 * 86_400);
    const refusal: unknown = await me().catch((error: unknown) => error);
    expect(failureOf(refusal).code).toBe('UNAUTHENTICATED');
    await untilSignedOut(other);
    expect([tab.signedOut, other.signedOut]).toEqual([['REFRESH_TOKEN_EXPIRED'], ['REFRESH_TOKEN_EXPIRED']]);
    expect([tab.latchkey.user, other.latchkey.user]).toEqual([null, null]);
  });

  it('a session that was ended elsewhere ends here with the next operation', async () => {
    await server.em().nativeUpdate(Session, { user: tab.latchkey.user?.id ?? '' }, { revokedAt: server.clock.now() });
    expect(failureOf(await me().catch((error: unknown) => error))).toMatchObject({ reason: 'TOKEN_REVOKED' });
    expect(tab.signedOut).toEqual(['TOKEN_REVOKED']);
    expect(browser.sent).toEqual(['Me']);
  });
});

describe('where there are no locks and no channels', () => {
  const { BroadcastChannel, navigator } = globalThis;
  beforeAll(() => Object.assign(globalThis, { BroadcastChannel: undefined, navigator: undefined }));
  afterAll(() => Object.assign(globalThis, { BroadcastChannel, navigator }));

  it('each tab refreshes for itself, and all stay signed in', async () => {
    const browser = new Browser(server, 'COOKIE');
    const [first, second] = [browser.open(), browser.open()];
    await first.latchkey.signup({ email: newEmail(), password: PASSWORD });
    const user = await second.latchkey.currentUser();
    server.clock.advance(TTL + 60);
    browser.forgetSent();
    const me = async (tab: Tab) => (await tab.client.query({ query: ME })).data?.me.id;
    expect(await Promise.all([me(first), me(second)])).toEqual([user?.id, user?.id]);
    expect([first.signedOut, second.signedOut, browser.count('LatchkeyRefresh')]).toEqual([[], [], 2]);
    browser.close();
  });
});

const answered = async (body: unknown): Promise<Response> =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/graphql-response+json' } });

const failedWith = (code: string): Promise<Response> =>
  answered({ data: null, errors: [{ message: 'Later.', extensions: { code, action: 'RETRY', retryAfter: 1 } }] });

async function untilSignedOut({ latchkey }: Tab): Promise<void> {
  if (latchkey.user === null) return;
  await new Promise<void>((resolve) => latchkey.onChange((user) => user === null && resolve()));
}
