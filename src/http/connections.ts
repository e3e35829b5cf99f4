import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** One that brings nothing but the longest header takes some 35 kB. */
export const MOST_CONNECTIONS = 5_000;
/** Of one network (`throttle/networks.ts`). */
export const MOST_OF_ONE_NETWORK = 1_000;

/**
 * Closes connections beyond so many, and beyond so many of one network, so that nobody takes all of them alone.
 *
 * @param networkOf undefined for a proxy, which connects for many
 * @param refused is called for each that is closed
 */
export function boundConnections(
  server: Server,
  networkOf: (socket: Socket) => string | undefined,
  refused: () => void,
): void {
  server.maxConnections = MOST_CONNECTIONS;
  server.on('drop', refused);
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const network = networkOf(socket);
    if (network === undefined) return;
    const others = open.get(network) ?? 0;
    if (others === MOST_OF_ONE_NETWORK) {
      refused();
      socket.destroy();
      return;
    }
    open.set(network, others + 1);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left > 0) open.set(network, left);
      else open.delete(network);
    });
  });
}
