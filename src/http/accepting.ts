import type { Server } from 'node:http';

/** Milliseconds in a row in which connections go before other work. Some 25 are accepted in them. */
const LONGEST_MS = 5;

/**
 * Lets connections go before work that waits. One is accepted in a turn of the event loop, so that those that come faster than turns end would
 * wait behind each other.
 */
export class Accepting {
  private hasCome = false;
  private since: number | undefined;

  constructor(server: Server) {
    server.on('connection', () => {
      this.hasCome = true;
    });
  }

  /** Asked once in a turn: whether one has come in it, so that work is to wait for another turn. */
  goesOn(): boolean {
    const now = performance.now();
    this.since ??= now;
    const goesOn = this.hasCome && now - this.since < LONGEST_MS;
    if (!goesOn) this.since = undefined;
    this.hasCome = false;
    return goesOn;
  }
}
