import type { Server, ServerResponse } from 'node:http';
import { Lane } from '../common/lane.js';
import { networksOf } from '../common/network.js';
import { Accepting } from './accepting.js';

/** Milliseconds of a turn of the event loop in which requests are begun. */
const TURN_MS = 2;

/** A request that waits, until its client has gone. */
interface Waiting {
  begin?: () => void;
}

/**
 * Says when a request begins. On SQLite all of its work follows in one go, so a thousand that come at once would keep the event loop for as
 * long as they take together: no timer would run, and no limit by time would hold. Those that a turn of the loop has no room for wait, and
 * networks take turns (docs/adr/0038).
 */
export class Turns {
  private readonly waiting = new Lane<Waiting>();
  private readonly accepting: Accepting;
  private endOfTurn: number | undefined;

  constructor(server: Server) {
    this.accepting = new Accepting(server);
  }

  /**
   * Resolves when a request may begin that comes from this address: at once, unless much has begun in this turn of the loop. Also
   * when its client has gone.
   */
  async take(addressOf: () => string | null, response: ServerResponse): Promise<void> {
    this.endOfTurn ??= this.beginTurn();
    if (this.waiting.size === 0 && performance.now() < this.endOfTurn) return;
    const waiting: Waiting = {};
    this.waiting.add(networksOf(addressOf()).toReversed(), waiting);
    await new Promise<void>((resolve) => {
      waiting.begin = resolve;
      // What is left in its place holds nothing.
      response.once('close', () => {
        delete waiting.begin;
        resolve();
      });
    });
  }

  private beginTurn(): number {
    setImmediate(() => void this.next());
    return performance.now() + TURN_MS;
  }

  /** The turn that follows, once the event loop has looked after all else. */
  private async next(): Promise<void> {
    if (this.waiting.size > 0 && this.accepting.goesOn()) {
      setImmediate(() => void this.next());
      return;
    }
    this.endOfTurn = undefined;
    if (this.waiting.size === 0) return;
    const end = (this.endOfTurn = this.beginTurn());
    while (performance.now() < end) {
      const waiting = this.waiting.shift();
      if (!waiting) return;
      if (!waiting.begin) continue;
      waiting.begin();
      // With all that follows from it without waiting for anything.
      await new Promise((resolve) => process.nextTick(resolve));
    }
  }
}
