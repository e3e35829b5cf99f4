import type { BrowserContext, Page, Request } from 'playwright-core';
import { BrowserProfile, complaintsOf } from './chromium.js';

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
  private readonly answers = new WeakMap<Request, unknown>();

  private constructor(
    private readonly profile: BrowserProfile,
    private readonly context: BrowserContext,
    readonly page: Page,
    readonly complaints: string[],
  ) {}

  static async open(baseUrl: string): Promise<PlaygroundBrowser> {
    const profile = await BrowserProfile.create();
    const context = await profile.open();
    const page = await context.newPage();
    const browser = new PlaygroundBrowser(profile, context, page, await complaintsOf(page));
    await browser.watch(new URL(baseUrl).origin);
    await page.goto(new URL('/ide', baseUrl).href);
    await page.getByText('+ Add new').waitFor();
    return browser;
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.profile.remove();
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
  }
}

/** Altair also asks for the schema, whenever it likes. */
function isOperation(request: Request): boolean {
  return request.url().endsWith('/graphql') && !request.postData()?.includes('__schema');
}
