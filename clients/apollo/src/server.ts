import { Latchkey } from './latchkey.js';

export interface ServerRequest {
  /** Where Latchkey serves GraphQL. */
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
  let cookie = cookies ?? '';

  const relayingFetch: typeof globalThis.fetch = async (...request) => {
    const response = await fetch(...request);
    const setCookies = response.headers.getSetCookie();
    if (setCookies.length > 0) onSetCookie?.(setCookies);
    cookie = withCookies(cookie, setCookies);
    return response;
  };

  return new Latchkey(
    { uri, transport: 'COOKIE', fetch: relayingFetch },
    {
      // Nothing is tried again later: it would outlive the request.
      clock: { now: () => Date.now(), wait: () => new Promise(() => undefined) },
      hasTabs: false,
      mayRefresh: onSetCookie !== undefined,
      headers: () => ({ cookie, origin }),
    },
  );
}

/** What a browser that had these cookies would send after this answer. */
function withCookies(header: string, setCookies: readonly string[]): string {
  const pairs = [...header.split(';'), ...setCookies.map((line) => line.split(';', 1).join())];
  const byName = new Map(pairs.map((pair) => [pair.split('=', 1).join().trim(), pair.trim()]));
  return [...byName]
    .filter(([name, pair]) => name && pair !== `${name}=`)
    .map(([, pair]) => pair)
    .join('; ');
}
