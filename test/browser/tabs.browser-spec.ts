import type { Page } from 'playwright-core';
import { Visitor, endpointOf, Stage, type Transport } from './support/stage.js';
import { BrowserProfile } from './support/chromium.js';

const TTL_SECONDS = 900;
const HOUR_MS = 3_600_000;

describe.each(['COOKIE', 'BODY'] satisfies Transport[])('tabs and time, with %s', (transport) => {
  let stage: Stage;
  let ada: Visitor;

  beforeAll(async () => {
    stage = await Stage.start(transport);
  });
  beforeEach(async () => {
    ada = await stage.visitor();
  });
  afterEach(async () => {
    expect(await stage.leave()).toEqual([]);
  });
  afterAll(() => stage.stop());

  const readsSessions = (page: Page) => ada.reads('this device', page);

  /** Opens the page in a tab and waits for the server's answer: a tab that has been there shows at once what it knows, and asks. */
  async function opensSessions(page: Page): Promise<void> {
    const answered = page.waitForResponse((response) => response.request().postData()?.includes('MySessions') ?? false);
    await ada.follow('Sessions', page);
    await answered;
    await readsSessions(page);
  }

  /** Time passes for the server and for the browser, whose timers fire late and once, as after a sleep. */
  async function pass(seconds: number): Promise<void> {
    stage.server.clock.advance(seconds);
    await ada.context.clock.fastForward(seconds * 1000);
  }

  /** In every tab at the same time. */
  async function useAll(tabs: Page[]): Promise<void> {
    await Promise.all(tabs.map(opensSessions));
  }

  async function fiveTabs(): Promise<Page[]> {
    await ada.signUp();
    const tabs = [ada.page];
    while (tabs.length < 5) tabs.push(await ada.openTab());
    await Promise.all(tabs.map((tab) => ada.sees('Your profile', tab)));
    ada.sent.length = 0;
    return tabs;
  }

  it('five tabs whose tokens expire at once refresh once, and all are alive', async () => {
    await ada.context.clock.install();
    const tabs = await fiveTabs();
    await pass(TTL_SECONDS + 60);
    await useAll(tabs);
    expect(ada.count('LatchkeyRefresh')).toBe(1);

    // All of them have heard of the new token, and will be in time with the next one.
    await Promise.all(tabs.map((tab) => ada.follow('Profile', tab)));
    await pass(TTL_SECONDS + 60);
    ada.sent.length = 0;
    await useAll(tabs);
    expect([ada.count('LatchkeyRefresh'), ada.count('MySessions')]).toEqual([1, 5]);
  });

  it('five tabs that do not know that their tokens are over refresh once as well', async () => {
    const tabs = await fiveTabs();
    stage.server.clock.advance(TTL_SECONDS + 60);
    await useAll(tabs);
    expect(ada.count('LatchkeyRefresh')).toBe(1);
  });

  it('a refresh whose answer was lost is no reason to sign anybody out', async () => {
    await ada.context.clock.install();
    await ada.signUp();
    await pass(TTL_SECONDS + 60);
    ada.sent.length = 0;
    const lost = stage.loseNextAnswer();
    await ada.follow('Sessions');
    await readsSessions(ada.page);
    await lost;
    // Whether Chromium repeats the request itself or leaves that to the page, the first one is the refresh.
    expect(ada.sent[0]).toBe('LatchkeyRefresh');

    await pass(TTL_SECONDS + 60);
    await ada.page.reload();
    await readsSessions(ada.page);
  });

  it('a laptop that was asleep past the end of its token refreshes once', async () => {
    await ada.context.clock.install();
    await ada.signUp();
    await opensSessions(ada.page);
    await ada.follow('Profile');
    ada.sent.length = 0;
    await pass(8 * 3600);
    await opensSessions(ada.page);
    await ada.press('Log out');
    await ada.sees('Sign in');
    expect(ada.sent.filter((name) => name !== 'ServerInfo')).toEqual([
      'LatchkeyRefresh',
      'MySessions',
      'LatchkeyLogout',
    ]);
  });

  it.each([
    ['fast', HOUR_MS],
    ['slow', -HOUR_MS],
  ])('a clock that is an hour %s changes nothing', async (_how, error) => {
    await ada.context.clock.install({ time: Date.now() + error });
    await ada.signUp();
    await opensSessions(ada.page);
    expect(ada.count('LatchkeyRefresh')).toBe(0);
    await ada.follow('Profile');
    await pass(TTL_SECONDS - 5);
    ada.sent.length = 0;
    await opensSessions(ada.page);
    expect(ada.sent).toEqual(['LatchkeyRefresh', 'MySessions']);
  });

  it('a logout in one tab signs all tabs out, without a click in them', async () => {
    const tabs = await fiveTabs();
    await ada.press('Log out');
    await Promise.all(tabs.map((tab) => ada.reads('You are signed out.', tab)));
    expect(ada.count('LatchkeyLogout')).toBe(1);
  });

  it('a login in one tab signs all tabs in', async () => {
    const tabs = await fiveTabs();
    await ada.press('Log out');
    await Promise.all(tabs.map((tab) => ada.sees('Sign in', tab)));
    await ada.signIn();
    await Promise.all(tabs.map((tab) => ada.sees('Your profile', tab)));
  });

  it('a browser that is started again is signed in', async () => {
    const profile = await BrowserProfile.create();
    const home = stage.frontend.url;
    const first = await profile.open();
    const bob = await Visitor.open(first, home, endpointOf(stage.server));
    await bob.signUp();
    await first.close();

    const second = await profile.open();
    const again = await Visitor.open(second, home, endpointOf(stage.server));
    await again.goto('/');
    await again.sees('Your profile');
    await again.reads(bob.email);
    await again.press('Log out');
    await again.sees('Sign in');
    await second.close();

    const third = await profile.open();
    const signedOut = await Visitor.open(third, home, endpointOf(stage.server));
    await signedOut.goto('/');
    await signedOut.sees('Sign in');
    await third.close();
    await profile.remove();
  });
});
