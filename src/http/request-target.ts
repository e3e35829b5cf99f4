import type { Server } from 'node:http';

/** Stands for a target that has no path. It is none itself: its escape is not complete. */
export const NO_PATH = '/%';

/**
 * Gives each request a path (RFC 9112 section 3.2), before anything looks at it. Express answers a target by itself that it finds none in,
 * past all that every request has to go through.
 */
export function readTargets(server: Server): void {
  server.prependListener('request', (request) => {
    request.url = pathOf(request.url ?? '');
  });
}

/** Visible ASCII without `#` (RFC 9112 section 3.2). With anything else Express reads `//user@host` as no path. */
const PATH = /^\/[!"$-~]*$/;

/** With its query. Of the absolute form the rest is dropped: it says where the proxy was to send the request. */
function pathOf(target: string): string {
  if (PATH.test(target) || target === '*') return target;
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
  return url && !target.includes('#') ? `${url.pathname}${url.search}` : NO_PATH;
}
