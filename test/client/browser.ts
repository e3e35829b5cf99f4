import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { setTimeout as delay } from 'node:timers/promises';
import { type CurrentUser, Latchkey, type SignedOutReason, type TokenStorage } from '../../clients/apollo/src/index.js';
import { PAGE } from '../../clients/apollo/src/options.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { FRONTEND } from '../cookies/cookie-client.js';
import type { TestServer } from '../support/test-server.js';

/** Waits that are over in less than a blink really happen; longer ones end when the test says so. */
const BLINK_MS = 250;

export type Way = 'BODY in memory' | 'BODY in a storage' | 'COOKIE';
export const WAYS: Way[] = ['BODY in memory', 'BODY in a storage', 'COOKIE'];

/** What a page of the frontend does with one request: `undefined` lets it through. */
type Interference = (operation: string, send: () => Promise<Response>) => Promise<Response> | undefined;

let browsers = 0;

/** What the tabs of one browser share: cookies, a storage, a channel. */
export class Browser {
  readonly jar = new CookieJar();
  readonly storage = new Map<string, string>();
  readonly tabs: Tab[] = [];
  /** No two browsers of a test run have the same address for the same server, so they do not hear of each other. */
  readonly uri: string;

  constructor(
    readonly server: TestServer,
    readonly way: Way,
  ) {
    this.uri = `${server.url}/graphql?browser=${++browsers}`;
  }

  /** `storage`: another one than that of this browser. */
  open(storage: TokenStorage = this.tokenStorage): Tab {
    const tab = new Tab(this, this.way === 'BODY in a storage' ? storage : undefined);
    this.tabs.push(tab);
    return tab;
  }

  close(): void {
    for (const tab of this.tabs) tab.close();
  }

  /** The names of all operations that the tabs have sent, in order. */
  get sent(): string[] {
    return this.tabs.flatMap((tab) => tab.sent);
  }

  count(operation: string): number {
    return this.sent.filter((name) => name === operation).length;
  }

  forgetSent(): void {
    for (const tab of this.tabs) tab.sent.length = 0;
  }

  private readonly tokenStorage: TokenStorage = {
    getItem: (key) => this.storage.get(key) ?? null,
    setItem: (key, value) => this.storage.set(key, value),
    removeItem: (key) => this.storage.delete(key),
  };
}

/** A page of a frontend with an Apollo Client. Its clock is its own. */
export class Tab {
  readonly latchkey: Latchkey;
  readonly client: ApolloClient;
  /** What `onSignedOut` and `onChange` were called with. */
  readonly signedOut: SignedOutReason[] = [];
  readonly changes: (CurrentUser | null)[] = [];
  readonly sent: string[] = [];
  /** The Authorization headers of what was sent. */
  readonly authorizations: (string | null)[] = [];
  interfere: Interference = () => undefined;
  /** How wrong the clock of this machine is, in milliseconds. */
  clockError = 0;
  private readonly waits: { milliseconds: number; end: () => void }[] = [];

  constructor(
    private readonly browser: Browser,
    storage: TokenStorage | undefined,
  ) {
    const { uri, way } = browser;
    const fetch = (input: string | URL | Request, init?: RequestInit) => this.fetch(input, init ?? {});
    this.latchkey = new Latchkey(
      {
        uri,
        transport: way === 'COOKIE' ? 'COOKIE' : 'BODY',
        ...(storage && { storage }),
        onSignedOut: (reason) => this.signedOut.push(reason),
        fetch,
      },
      {
        clock: { now: () => browser.server.clock.now().getTime() + this.clockError, wait: (time) => this.wait(time) },
        hasTabs: true,
        mayRefresh: true,
        attachCookies: PAGE.attachCookies,
      },
    );
    this.latchkey.onChange((user) => this.changes.push(user));
    this.client = new ApolloClient({
      link: this.latchkey.link.concat(new HttpLink({ uri, fetch })),
      cache: new InMemoryCache(),
      // Each operation counts.
      queryDeduplication: false,
      defaultOptions: { query: { fetchPolicy: 'no-cache' } },
    });
  }

  close(): void {
    this.latchkey.close();
    this.client.stop();
  }

  /** Ends the waits of at least this length that are under way. Resolves to their lengths. */
  endWaits(): number[] {
    return this.waits.splice(0).map(({ milliseconds, end }) => {
      end();
      return milliseconds;
    });
  }

  private wait(milliseconds: number): Promise<void> {
    if (milliseconds <= BLINK_MS) return delay(milliseconds);
    return new Promise((end) => this.waits.push({ milliseconds, end }));
  }

  private async fetch(input: string | URL | Request, init: RequestInit): Promise<Response> {
    const { operationName } = JSON.parse(init.body as string) as { operationName: string };
    const headers = new Headers(init.headers);
    this.sent.push(operationName);
    this.authorizations.push(headers.get('authorization'));
    const send = () => this.send(input, { ...init, headers });
    const response = await (this.interfere(operationName, send) ?? send());
    // By now, and not before: an answer that comes late brings its cookies late.
    if (init.credentials === 'include') this.browser.jar.receive(response);
    return response;
  }

  /** A browser sends cookies along to another origin only when it is told so. */
  private async send(input: string | URL | Request, init: RequestInit & { headers: Headers }): Promise<Response> {
    init.headers.set('origin', FRONTEND);
    if (init.credentials === 'include') init.headers.set('cookie', this.browser.jar.header);
    return fetch(input, init);
  }
}

export const nextChange = (tab: Tab): Promise<void> => new Promise((resolve) => tab.latchkey.onChange(() => resolve()));

/** Keeps back the answer to an operation: `given` resolves when the server has given it, and `deliver` hands it on. */
export function holdAnswer(tab: Tab, operation: string): { given: Promise<void>; deliver: () => void } {
  const given = Promise.withResolvers<undefined>();
  const delivered = Promise.withResolvers<undefined>();
  tab.interfere = (name, send) => {
    if (name !== operation) return undefined;
    return send().finally(() => {
      given.resolve(undefined);
      return delivered.promise;
    });
  };
  return { given: given.promise, deliver: () => delivered.resolve(undefined) };
}
