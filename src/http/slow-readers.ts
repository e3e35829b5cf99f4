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
  /** When it was last looked, and of all answers that have begun to wait since then. */
  private unread = 0;

  /** Of all connections of a server, until it is closed. */
  static closeAllOf(server: Server): void {
    const readers = new SlowReaders();
    server.on('connection', (socket) => readers.add(socket));
    server.on('request', ({ socket }, response) => response.once('prefinish', () => readers.answered(socket)));
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

  /** No timer may run while many answers are written. */
  private answered({ writableLength }: Socket): void {
    if (writableLength === 0) return;
    this.unread += writableLength;
    if (this.unread > MOST_UNREAD) this.look(performance.now());
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
    this.unread = unread;
  }

  private isTooSlow(socket: Socket, now: number): boolean {
    if (socket.writableLength === 0) {
      this.marks.delete(socket);
      return false;
    }
    const taken = socket.bytesWritten - unsentOf(socket);
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

/**
 * Bytes that the operating system has not taken over. Node counts a part of an answer, which can be all of it, as unsent until it is sent to
 * its end; how far it is knows the handle alone, by a property that Node's documentation does not name.
 */
function unsentOf(socket: Socket & { _handle?: { writeQueueSize?: number } | null }): number {
  return Math.min(socket.writableLength, socket._handle?.writeQueueSize ?? Infinity);
}

/** @returns what was unread */
function close(socket: Socket): number {
  const unread = socket.destroyed ? 0 : socket.writableLength;
  // The operating system would otherwise keep for minutes what it has taken over.
  socket.resetAndDestroy();
  return unread;
}
