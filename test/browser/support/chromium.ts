import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const OPTIONS = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export const launchChromium = (flags: string[] = []): Promise<Browser> =>
  chromium.launch({ ...OPTIONS, args: [...OPTIONS.args, ...flags] });

/** A browser that remembers from one start to the next. */
export class BrowserProfile {
  private constructor(private readonly folder: string) {}

  /** `thirdPartyCookies`: whether cookies are kept for a site that is not the one in the address bar. */
  static async create({ thirdPartyCookies = false } = {}): Promise<BrowserProfile> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-chromium-'));
    const preferences = {
      profile: { block_third_party_cookies: !thirdPartyCookies, cookie_controls_mode: thirdPartyCookies ? 0 : 1 },
    };
    await mkdir(join(folder, 'Default'));
    await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
    return new BrowserProfile(folder);
  }

  /** Starts the browser. Closing the context ends it. */
  open(): Promise<BrowserContext> {
    return chromium.launchPersistentContext(this.folder, OPTIONS);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Writes down what the browser has to say against a page: violations of its policy, errors, warnings. Of requests that the
 * server refuses or that find no server it says so too; those are what a test is about.
 */
export async function complaintsOf(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const isOfNetwork = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isOfNetwork) complaints.push(message.text());
  });
  await page.exposeFunction('reportViolation', (violation: string) => complaints.push(violation));
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    reportViolation(event.violatedDirective + ' forbids ' + event.blockedURI))`);
  return complaints;
}
