import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** The whole browser, with profiles and what it does with cookies of other sites. */
const BROWSER = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** The same engine without a window, at half the cost (Debian's package `chromium-headless-shell`). */
const SHELL = '/usr/bin/chromium-headless-shell';

const OPTIONS = {
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Each window would render a toolbar of its own that nobody sees.
    '--disable-features=PreloadTopChromeWebUI,PreloadTopChromeWebUILessNavigations',
  ],
};

const hasShell = !process.env['CHROMIUM'] && existsSync(SHELL);

/** For private windows, which forget. */
export const launchChromium = (flags: string[] = []): Promise<Browser> =>
  chromium.launch({ ...OPTIONS, executablePath: hasShell ? SHELL : BROWSER, args: [...OPTIONS.args, ...flags] });

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
    return chromium.launchPersistentContext(this.folder, { ...OPTIONS, executablePath: BROWSER });
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
