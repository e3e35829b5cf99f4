import { attachCookiesAt } from './auth-link.js';
import { Latchkey } from './latchkey.js';

export interface ServerRequest {
  /** Where Latchkey serves GraphQL. The cookies go there, and nowhere else. */
  readonly uri: string;
  /** The `Cookie` header that the browser sent to your server. */
  readonly cookies: string | null | undefined;
  /** The origin of your frontend, which `CORS_ORIGINS` of Latchkey lists. */
  readonly origin: string;
  /**
   * Sends `Set-Cookie` headers on to the browser. Without it nothing is refreshed here, because the browser would be left
   * with a refresh token that was used up: the page is then rendered as for nobody, and the browser refreshes.
   */
  readonly onSetCookie?: (setCookies: readonly string[]) => void;
  readonly fetch?: typeof fetch;
}

/** For rendering on a server: one object for each request of a browser, which acts as that browser with its cookies. */
export function latchkeyForRequest({
  uri,
  cookies,
  origin,
  onSetCookie,
  fetch = globalThis.fetch,
}: ServerRequest): Latchkey {
  let own = (cookies ?? '').split(';').map((pair) => pair.trim());

  const relayingFetch: typeof globalThis.fetch = async (...request) => {
    const response = await fetch(...request);
    const setCookies = response.headers.getSetCookie();
    if (setCookies.length > 0) onSetCookie?.(setCookies);
    own = setCookies.reduce(withSetCookie, own);
    return response;
  };

  return new Latchkey(
    { uri, transport: 'COOKIE', fetch: relayingFetch },
    {
      // Nothing is tried again later: it would outlive the request.
      clock: { now: () => Date.now(), wait: () => new Promise(() => undefined) },
      hasTabs: false,
      mayRefresh: onSetCookie !== undefined,
      attachCookies: attachCookiesAt(uri, () => ({ cookie: own.filter(isOfLatchkey).join('; '), origin })),
    },
  );
}

const nameOf = (pair: string): string => pair.split('=', 1).join();

/** The others of the browser are of the frontend, and none of Latchkey's business. */
const isOfLatchkey = (pair: string): boolean =>
  /^(__Host-|__Secure-)?latchkey-(access|refresh|device|signup)$/.test(nameOf(pair));

/** What a browser that had these cookies has after this line. Two of one name stay two until then: the server judges them. */
function withSetCookie(pairs: readonly string[], line: string): string[] {
  const pair = line.split(';', 1).join().trim();
  const others = pairs.filter((other) => nameOf(other) !== nameOf(pair));
  return pair === `${nameOf(pair)}=` ? others : [...others, pair];
}
