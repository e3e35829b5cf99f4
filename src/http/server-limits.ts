import type { Server } from 'node:http';

const SECOND = 1000;

/** How long a request and a connection may take (ASVS 4.2, 13.1.3), and how many lines a header has. Its size is Node's own 16 kB. */
export function limitTimes(server: Server): void {
  // How often Node looks which of the first two are over; by itself every 30 s. Its types know it as an option of a new server alone.
  Object.assign(server, { connectionsCheckingInterval: SECOND });
  server.headersTimeout = 20 * SECOND;
  server.requestTimeout = 30 * SECOND;
  /** Of a connection on which nothing moves, also while it is being answered. */
  server.timeout = 60 * SECOND;
  // Longer than the minute after which proxies drop an idle connection: the one that closes first must be the proxy.
  server.keepAliveTimeout = 65 * SECOND;
  server.maxHeadersCount = 100;
}
