import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page, type Request } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** False where there is no browser. On CI it is always true: a suite that silently stays away looks like one that passed. */
export const canRunBrowser = existsSync(CHROMIUM) || process.env['CI'] === 'true';

/** What a tab sent, and what came back. */
export interface Exchange {
  authorization: string | undefined;
  variables: unknown;
  answer: unknown;
}

/** `/ide` in a browser with an empty profile. */
export class PlaygroundBrowser {
  /** Addresses outside of our origin that the page asked for; a refused request counts. */
  readonly foreignRequests: string[] = [];
  /** What the browser had to say against the page: violations of its policy, errors and warnings. */
  readonly complaints: string[] = [];
  private readonly answers = new WeakMap<Request, unknown>();

  private constructor(
    private readonly profile: string,
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(baseUrl: string): Promise<PlaygroundBrowser> {
    const profile = await mkdtemp(join(tmpdir(), 'latchkey-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      args: FLAGS,
    });
    const browser = new PlaygroundBrowser(profile, context, await context.newPage());
    await browser.watch(new URL(baseUrl).origin);
    await browser.page.goto(new URL('/ide', baseUrl).href);
    await browser.page.getByText('+ Add new').waitFor();
    return browser;
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true });
  }

  async tabs(): Promise<string[]> {
    const texts = await this.page.locator('app-window-switcher-item').allInnerTexts();
    return texts.map((text) => text.replace('×', '').trim());
  }

  /** Opens a tab and sends what is in it. */
  async run(tab: string): Promise<Exchange> {
    await this.page.locator('app-window-switcher-item', { hasText: new RegExp(`^\\s*${tab}\\s*×`) }).click();
    const [response] = await Promise.all([
      this.page.waitForResponse((candidate) => isOperation(candidate.request())),
      this.page.getByRole('button', { name: 'Send Request' }).filter({ visible: true }).click(),
    ]);
    const sent = response.request();
    return {
      authorization: sent.headers()['authorization'],
      variables: (sent.postDataJSON() as { variables: unknown }).variables,
      answer: this.answers.get(sent),
    };
  }

  /** Like `run`, for a tab whose answer changes the remembered tokens: waits until Altair says that it has. */
  async runAndRemember(tab: string): Promise<Exchange> {
    const exchange = await this.run(tab);
    const notice = this.page.getByText('Updated active environment variables: accessToken, refreshToken.');
    await notice.click();
    await notice.waitFor({ state: 'detached' });
    return exchange;
  }

  private async watch(origin: string): Promise<void> {
    this.context.on('request', (request) => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) this.foreignRequests.push(url.href);
    });
    // Altair reads its answers as streams, and of those Chromium does not always keep a copy for us.
    await this.page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      this.answers.set(route.request(), await response.json());
      await route.fulfill({ response });
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    await this.page.exposeFunction('reportViolation', (violation: string) => this.complaints.push(violation));
    await this.page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
      reportViolation(event.violatedDirective + ' forbids ' + event.blockedURI))`);
  }
}

/** Altair also asks for the schema, whenever it likes. */
function isOperation(request: Request): boolean {
  return request.url().endsWith('/graphql') && !request.postData()?.includes('__schema');
}
