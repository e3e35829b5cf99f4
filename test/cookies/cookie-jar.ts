import { parseSetCookie, type SetCookie } from 'cookie';

/** The `Set-Cookie` lines of an answer, taken apart. */
const setCookiesOf = ({ headers }: { headers: Headers }): SetCookie[] =>
  headers.getSetCookie().map((line) => parseSetCookie(line));

const isDeviceCookie = (name: string): boolean => name.endsWith('latchkey-device');

/** Without the device cookie, which has tests of its own (test/throttle/known-devices). */
export const tokenCookiesOf = (answer: { headers: Headers }): SetCookie[] =>
  setCookiesOf(answer).filter(({ name }) => !isDeviceCookie(name));

/**
 * What a browser keeps for one origin. A clearing line removes a cookie only when it names the very cookie: the same
 * name, domain and path (RFC 6265bis section 5.7). Prefixes are enforced as section 4.1.3 has it.
 */
export class CookieJar {
  private readonly cookies = new Map<string, SetCookie>();

  receive(answer: { headers: Headers }): void {
    for (const cookie of setCookiesOf(answer)) {
      if (!isAcceptable(cookie)) throw new Error(`A browser refuses this cookie: ${JSON.stringify(cookie)}`);
      const key = [cookie.name, cookie.domain, cookie.path].join(';');
      if (isOver(cookie)) this.cookies.delete(key);
      else this.cookies.set(key, cookie);
    }
  }

  value(name: string): string | undefined {
    return [...this.cookies.values()].find((cookie) => cookie.name === name)?.value;
  }

  /** What a browser does by itself when the time has come. */
  drop(name: string): void {
    for (const [key, cookie] of this.cookies) if (cookie.name === name) this.cookies.delete(key);
  }

  /** Of the token cookies. */
  tokenNames(): string[] {
    const names = [...this.cookies.values()].map(({ name }) => name);
    return names.filter((name) => !isDeviceCookie(name)).sort();
  }

  /** For the next request. */
  get header(): string {
    return [...this.cookies.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

function isOver({ maxAge, expires }: SetCookie): boolean {
  return maxAge === undefined ? (expires?.getTime() ?? Infinity) <= Date.now() : maxAge <= 0;
}

function isAcceptable({ name, secure, domain, path }: SetCookie): boolean {
  if (name.startsWith('__Host-')) return secure === true && domain === undefined && path === '/';
  return !name.startsWith('__Secure-') || secure === true;
}
