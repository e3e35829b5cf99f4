import Bowser from 'bowser';

/**
 * The names that are shown. Where Bowser knows no browser it answers with a piece of the header, which is a text of the
 * client's choice.
 */
const BROWSERS: ReadonlySet<string> = new Set(Object.values(Bowser.BROWSER_MAP));
const SYSTEMS: ReadonlySet<string> = new Set(Object.values(Bowser.OS_MAP));

/** "Chrome on Windows", or null when the User-Agent header names neither a browser nor a system of the lists. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  const names = [known(browser.name, BROWSERS), known(os.name, SYSTEMS)];
  return names.filter(Boolean).join(' on ') || null;
}

const known = (name: string | undefined, list: ReadonlySet<string>): string | undefined =>
  name !== undefined && list.has(name) ? name : undefined;
