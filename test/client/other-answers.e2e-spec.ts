import { isDeepStrictEqual } from 'node:util';
import { failureOf, type Latchkey } from '../../clients/apollo/src/index.js';
import { newEmail, PASSWORD } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { Browser, type Tab, type Way, WAYS } from './browser.js';
import { ME } from './operations.js';

/** The fields of all operations of the client itself. */
const FIELDS = ['signup', 'login', 'loginWithMagicLink', 'logout', 'me', 'refresh'];

const ofEach = (value: unknown): object => ({ data: Object.fromEntries(FIELDS.map((field) => [field, value])) });
const failing = (more = {}): object => ({ errors: [{ message: 'upstream timed out', ...more }] });

/** What a proxy, or another service, gives in the place of an answer. */
const ANSWERS = [
  '<!doctype html>',
  ...[
    ...[null, [], {}, 'text', 7, { message: 'from a proxy' }],
    ...[null, {}, 'text', 7].map((errors) => ({ errors })),
    ...[null, {}, [], 'text', 7].map((data) => ({ data })),
    ...[null, {}, [], 'text', 7, false].map(ofEach),
    ...['AuthPayload', 'EmailVerificationRequired', 'Other'].map((__typename) => ofEach({ __typename })),
    ofEach({ user: null }),
    { errors: 7, data: null },
    ...[[], [null], ['text'], [{}]].map((errors) => ({ errors })),
    ...[undefined, null, {}].map((extensions) => failing({ extensions })),
    ...['GATEWAY_TIMEOUT', 'toString', '', 7, null].map((code) => failing({ extensions: { code } })),
    { data: null, ...failing() },
    { ...ofEach(true), ...failing() },
  ].map((answer) => JSON.stringify(answer)),
];

const UNREACHABLE = { code: 'UNREACHABLE', action: 'RETRY' };

describe.each<Way>(WAYS)('an answer that is none of Latchkey, %s', (way) => {
  let server: TestServer;
  const browsers: Browser[] = [];
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());
  afterEach(() => browsers.splice(0).forEach((browser) => browser.close()));

  async function signedIn(): Promise<{ browser: Browser; tab: Tab }> {
    const browser = new Browser(server, way);
    browsers.push(browser);
    const tab = browser.open();
    await tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
    browser.forgetSent();
    return { browser, tab };
  }

  /** The same becomes of each of these answers, in a browser of its own. */
  async function expectOfAll<T>(outcomeOf: (browser: Browser, tab: Tab) => Promise<T>, expected: T): Promise<void> {
    const cases = [200, 502].flatMap((status) => ANSWERS.map((body) => ({ status, body })));
    const outcomes = cases.map(async ({ status, body }) => {
      const { browser, tab } = await signedIn();
      const headers = { 'content-type': 'application/graphql-response+json' };
      tab.interfere = () => Promise.resolve(new Response(body, { status, headers }));
      return { status, body, outcome: await outcomeOf(browser, tab) };
    });
    expect(await Promise.all(outcomes)).toEqual(cases.map((each) => ({ ...each, outcome: expected })));
  }

  const OPERATIONS: Record<string, (latchkey: Latchkey) => Promise<unknown>> = {
    signup: (latchkey) => latchkey.signup({ email: newEmail(), password: PASSWORD }),
    login: (latchkey) => latchkey.login({ email: newEmail(), password: PASSWORD }),
    loginWithMagicLink: (latchkey) => latchkey.loginWithMagicLink({ token: 'token' }),
    logout: (latchkey) => latchkey.logout(),
    'logout everywhere': (latchkey) => latchkey.logout({ everywhere: true }),
    currentUser: (latchkey) => latchkey.currentUser({ fresh: true }),
  };

  it.each(Object.entries(OPERATIONS))('counts as none to %s, and nothing has changed', async (_, operate) => {
    await expectOfAll(
      async (browser, tab) => {
        const before = [tab.latchkey.user, [...tab.changes], [...browser.storage]];
        const failure = await failureIn(operate(tab.latchkey));
        const after = [tab.latchkey.user, [...tab.changes], [...browser.storage]];
        return { failure, isUnchanged: isDeepStrictEqual(after, before), signedOut: tab.signedOut };
      },
      { failure: UNREACHABLE, isUnchanged: true, signedOut: [] },
    );
  });

  it('counts as none to a refresh, which is asked for at once and again later', async () => {
    await expectOfAll(
      async (_, tab) => {
        tab.clockError = 3_600_000;
        const failure = await failureIn(tab.latchkey.accessToken());
        return { failure, sent: [...tab.sent], waits: tab.endWaits(), signedOut: tab.signedOut };
      },
      { failure: UNREACHABLE, sent: ['LatchkeyRefresh', 'LatchkeyRefresh'], waits: [2_000], signedOut: [] },
    );
  });

  it.each(['{"errors":[null]}', '{"errors":{}}', '{"errors":["text"]}'])(
    'is none for the operations of the frontend either: %s',
    async (body) => {
      const { tab } = await signedIn();
      tab.interfere = () => Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } }));
      expect(await failureIn(tab.client.query({ query: ME }))).toEqual(UNREACHABLE);
    },
  );

  it('ends no session when it comes in the place of new tokens', async () => {
    const { tab } = await signedIn();
    tab.clockError = 3_600_000;
    tab.interfere = (name) =>
      name === 'LatchkeyRefresh' ? Promise.resolve(Response.json({ data: { refresh: {} } })) : refused();
    expect(await failureIn(tab.client.query({ query: ME }))).toEqual(UNREACHABLE);
    expect(tab.signedOut).toEqual([]);
  });
});

/** What an operation fails with. Undefined when it does not, `our fault` when this client broke over the answer. */
async function failureIn(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation;
    return undefined;
  } catch (error) {
    return isOurFault(error) ? 'our fault' : failureOf(error);
  }
}

const refused = () => {
  const extensions = { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED', action: 'REFRESH' };
  return Promise.resolve(Response.json({ data: null, errors: [{ message: 'Expired.', extensions }] }));
};

/** The first line of a stack is where it was thrown. */
const isOurFault = (error: unknown): boolean =>
  error instanceof TypeError &&
  (error.stack?.split('\n').find((line) => /^ +at /.test(line)) ?? '').includes('/clients/');

it('a cache that cannot be emptied after a logout is no error of the page', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const server = await TestServer.start();
  const browser = new Browser(server, 'BODY in memory');
  const tab = browser.open();
  await tab.latchkey.signup({ email: newEmail(), password: PASSWORD });
  await tab.client.query({ query: ME });
  tab.client.onClearStore(() => Promise.reject(new Error('of the frontend')));
  await tab.latchkey.logout();
  await server.stop();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  browser.close();
});
