import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENSHOTS = new URL('../../../test-results/screenshots/', import.meta.url).pathname;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

/**
 * Looks at a page by day and by night, on a desk and on a phone, and keeps a picture of each.
 *
 * @returns what axe finds against it (WCAG 2.2 AA and good practice), and where it is wider than a phone
 */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  await page.evaluate(AXE);
  for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const view = `${name}-${device}-${colorScheme}`;
      await page.screenshot({ path: `${SCREENSHOTS}${view}.png`, fullPage: true });
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
      for (const { id, nodes } of violations) faults.push(`${view}: ${id} at ${nodes.map(({ html }) => html).join()}`);
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > viewport.width) faults.push(`${name}-${device}: ${width} pixels wide`);
  }
  await page.setViewportSize(DESKTOP);
  return faults;
}

interface Axe {
  run(): Promise<AxeResults>;
}
