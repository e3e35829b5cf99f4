import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { LifecycleServer } from '../../lifecycle/operations.js';
import { newEmail, PASSWORD } from '../../support/accounts.js';
import type { TestServer } from '../../support/test-server.js';
import { complaintsOf, launchChromium } from './chromium.js';
import { Frontend } from './frontend.js';

export type Transport = 'BODY' | 'COOKIE';

type Settings = (frontendUrl: string) => Record<string, string>;

/** A server, the example frontend built for it, and a browser. */
export class Stage {
  private readonly visitors: Visitor[] = [];

  private constructor(
    readonly life: LifecycleServer,
    readonly frontend: Frontend,
    readonly chromium: Browser,
  ) {}

  /** `host` is where the frontend is, `env` the settings of the server that it is for. */
  static async start(transport: Transport, env: Settings = () => ({}), host = 'localhost'): Promise<Stage> {
    const frontend = await Frontend.reserve(host);
    const life = await LifecycleServer.start({ env: { APP_URL: frontend.url, ...env(frontend.url) } });
    await frontend.serve(endpointOf(life.server), transport);
    return new Stage(life, frontend, await launchChromium());
  }

  get server(): TestServer {
    return this.life.server;
  }

  /** Somebody with a browser of their own. Its windows are private ones: they forget, and keep no cookies of other sites. */
  async visitor(): Promise<Visitor> {
    return this.visit(await this.chromium.newContext());
  }

  /** Somebody with this browser. */
  async visit(context: BrowserContext): Promise<Visitor> {
    const visitor = await Visitor.open(context, this.frontend.url, endpointOf(this.server));
    this.visitors.push(visitor);
    return visitor;
  }

  /** The answer to the next POST never arrives, though the server has given it. Resolves when that has happened. */
  loseNextAnswer(): Promise<void> {
    const http: HttpServer = this.server.app.getHttpServer();
    return new Promise((resolve) => {
      const lose = (request: IncomingMessage, response: ServerResponse) => {
        if (request.method !== 'POST') return;
        http.off('request', lose);
        response.end = () => {
          request.socket.destroy();
          resolve();
          return response;
        };
      };
      http.prependListener('request', lose);
    });
  }

  /** After each test. @returns what the browsers had to say against the pages */
  async leave(): Promise<string[]> {
    const complaints = this.visitors.flatMap((visitor) => visitor.complaints);
    await Promise.all(this.visitors.splice(0).map(({ context }) => context.close()));
    return complaints;
  }

  async stop(): Promise<void> {
    await this.chromium.close();
    await this.frontend.stop();
    await this.life.stop();
  }
}

/** By the name that makes it the same site as the frontend. */
export const endpointOf = ({ url }: TestServer): string => `${url.replace('127.0.0.1', 'localhost')}/graphql`;

/** A person at the example frontend, and what their browser sends. */
export class Visitor {
  readonly email = newEmail();
  /** The names of the operations that all tabs have sent. */
  readonly sent: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly complaints: string[],
    private readonly home: string,
  ) {}

  static async open(context: BrowserContext, home: string, endpoint: string): Promise<Visitor> {
    const page = await context.newPage();
    const visitor = new Visitor(context, page, await complaintsOf(page), home);
    context.on('request', (request) => {
      if (request.method() !== 'POST' || request.url() !== endpoint || !request.frame().url().startsWith(home)) return;
      visitor.sent.push((request.postDataJSON() as { operationName: string }).operationName);
    });
    return visitor;
  }

  count(operation: string): number {
    return this.sent.filter((name) => name === operation).length;
  }

  async goto(path: string, page = this.page): Promise<void> {
    await page.goto(this.home + path);
  }

  async signUp(): Promise<void> {
    await this.goto('/signup');
    await this.fill({ 'E-mail': this.email, Password: PASSWORD });
    await this.press('Create an account');
    await this.sees('Your profile');
  }

  /** Wherever the sign-in is shown. */
  async signIn(email = this.email, password = PASSWORD): Promise<void> {
    await this.fill({ 'E-mail': email, Password: password });
    await this.press('Sign in');
  }

  async fill(values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values)) await this.page.getByLabel(label, { exact: true }).fill(value);
  }

  async press(button: string, page = this.page): Promise<void> {
    await page.getByRole('button', { name: button, exact: true }).click();
  }

  /** Waits until the page before is gone: a label can be on both. */
  async follow(link: string, page = this.page): Promise<void> {
    const before = await page.getByRole('heading', { level: 1 }).elementHandle();
    await page.getByRole('link', { name: link, exact: true }).click();
    await page.waitForFunction((title) => !title.isConnected, before);
  }

  /** Waits for the page of this title. */
  async sees(title: string, page = this.page): Promise<void> {
    const heading = page.getByRole('heading', { level: 1, name: title, exact: true });
    await this.shows(heading.waitFor(), page);
  }

  async reads(text: string | RegExp, page = this.page): Promise<void> {
    await this.shows(page.getByText(text).first().waitFor(), page);
  }

  /** What is there instead, and what was sent, is a part of the failure. */
  private async shows(waiting: Promise<void>, page: Page): Promise<void> {
    await waiting.catch(async (cause: unknown) => {
      const text = await page.locator('body').innerText();
      const sent = this.sent.join(', ');
      throw new Error(`${String(cause)}\nThe page at ${page.url()} shows:\n${text}\nSent: ${sent}`, { cause });
    });
  }

  /** Another tab of the same browser. */
  async openTab(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    await this.goto(path, page);
    return page;
  }
}
