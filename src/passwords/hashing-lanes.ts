import type { Queue, QueueAddOptions } from 'p-queue';
import { Lane } from '../common/lane.js';

/** Of so many turns one is a stranger's, as long as strangers wait. */
const TURNS = 4;

type Run = () => Promise<unknown>;

/** Who waits, with 1 or more as `priority` when they are known. */
export interface LaneOptions extends QueueAddOptions {
  /** Where they come from, the widest network first, and last who they are where they have shown it. */
  readonly origins: readonly string[];
  /** How many wait in a lane at most. */
  readonly most: number;
  /** Refuses them. */
  readonly giveUp: () => void;
}

interface Waiting {
  readonly run: Run;
  readonly id: string | undefined;
  readonly giveUp: () => void;
}

/**
 * The order of the hashing queue: callers who are known to the account go before strangers, but for one turn in four. So neither a
 * flood of strangers nor one of callers with accounts of their own keeps the others waiting for ever. When a lane is full, the last
 * one of the origin that fills it most gives way.
 */
export class HashingLanes implements Queue<Run, LaneOptions> {
  private readonly known = new Lane<Waiting>();
  private readonly strangers = new Lane<Waiting>();
  private turn = 0;

  get size(): number {
    return this.known.size + this.strangers.size;
  }

  enqueue(run: Run, options?: Partial<LaneOptions>): void {
    const { origins = [], id, giveUp = () => undefined, most = Infinity } = options ?? {};
    const lane = (options?.priority ?? 0) > 0 ? this.known : this.strangers;
    lane.add(origins, { run, id, giveUp });
    // Later, because the queue does not listen yet to one who has just come.
    queueMicrotask(() => {
      if (lane.size > most) lane.last?.giveUp();
    });
  }

  dequeue(): Run | undefined {
    this.turn = (this.turn + 1) % TURNS;
    const [first, second] = this.turn === 0 ? [this.strangers, this.known] : [this.known, this.strangers];
    return (first.shift() ?? second.shift())?.run;
  }

  /** Given up by its caller, who has waited too long or gives way. */
  remove(id: string): void {
    for (const lane of [this.known, this.strangers]) lane.remove((waiting) => waiting.id === id);
  }

  filter(): never {
    throw new Error('Callers are not looked for.');
  }

  setPriority(): never {
    throw new Error('A caller stays in its lane.');
  }
}
