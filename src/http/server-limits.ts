import type { Server } from 'node:http';

const SECOND = 1000;

/** How long and how large a request may be (ASVS 4.2, 13.1.3). The size of a header is Node's own 16 kB. */
export function limitConnections(server: Server): void {
  server.headersTimeout = 20 * SECOND;
  server.requestTimeout = 30 * SECOND;
  /** Of a connection on which nothing moves, also while it is being answered. */
  server.timeout = 60 * SECOND;
  // Longer than the minute after which proxies drop an idle connection: the one that closes first must be the proxy.
  server.keepAliveTimeout = 65 * SECOND;
  server.maxHeadersCount = 100;
}
