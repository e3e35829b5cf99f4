import Bowser from 'bowser';

/** "Chrome on Windows", or null when the User-Agent header names neither browser nor system. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  return [browser.name, os.name].filter(Boolean).join(' on ') || null;
}
