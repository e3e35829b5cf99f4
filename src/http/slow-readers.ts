import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const LOOK_EVERY_MS = 1_000;
/** A client that takes less than so many bytes of its answers in so long is given up: 2 kB a second. */
const LEAST_TAKEN = 64 * 1024;
const WITHIN_MS = 30_000;
/**
 * Bytes of all answers together that are not taken yet. They take up to twice their size in memory. What the operating system has taken over,
 * up to some MB for each connection, is not known here.
 */
export const MOST_UNREAD = 16 * 2 ** 20;

/** When a client was seen to take enough, and how many bytes it had taken by then. */
interface Mark {
  at: number;
  taken: number;
}

/**
 * Bounds what answers take of memory that their clients do not read: Node keeps them for as long as the connection lives, and a client that
 * takes a byte now and then keeps that alive.
 */
export class SlowReaders {
  private readonly open = new Set<Socket>();
  /** Of those that have something to read, in the order in which they began to lag, or last took enough. */
  private readonly marks = new Map<Socket, Mark>();

  /** Of all connections of a server, until it is closed. */
  static closeAllOf(server: Server): void {
    const readers = new SlowReaders();
    server.on('connection', (socket) => readers.add(socket));
    const looking = setInterval(() => readers.look(performance.now()), LOOK_EVERY_MS).unref();
    server.once('close', () => clearInterval(looking));
  }

  add(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => {
      this.open.delete(socket);
      this.marks.delete(socket);
    });
  }

  /** Closes connections whose clients are too slow, and where too much is unread, those that have lagged for longest. */
  look(now: number): void {
    let unread = 0;
    for (const socket of this.open) {
      unread += socket.writableLength;
      if (this.isTooSlow(socket, now)) unread -= close(socket);
    }
    for (const socket of this.marks.keys()) {
      if (unread <= MOST_UNREAD) break;
      unread -= close(socket);
    }
  }

  private isTooSlow(socket: Socket, now: number): boolean {
    if (socket.writableLength === 0) {
      this.marks.delete(socket);
      return false;
    }
    const taken = socket.bytesWritten - socket.writableLength;
    const mark = this.marks.get(socket);
    if (!mark || taken - mark.taken >= LEAST_TAKEN) {
      // At the end again: it lags no more.
      this.marks.delete(socket);
      this.marks.set(socket, { at: now, taken });
      return false;
    }
    return now - mark.at > WITHIN_MS;
  }
}

/** @returns what was unread */
function close(socket: Socket): number {
  const unread = socket.destroyed ? 0 : socket.writableLength;
  // The operating system would otherwise keep for minutes what it has taken over.
  socket.resetAndDestroy();
  return unread;
}
