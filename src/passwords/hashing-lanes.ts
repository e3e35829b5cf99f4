import type { Queue, QueueAddOptions } from 'p-queue';

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
 * Callers who wait, by where they come from. At each level the networks have their turns, and so have the accounts of one address;
 * among those of one origin the first comes first. Many small networks of one greater network have no more turns than one.
 */
class Lane {
  size = 0;
  private readonly own: Waiting[] = [];
  /** A map keeps the order in which its keys came: the first one is the next. */
  private readonly within = new Map<string, Lane>();

  add([origin, ...narrower]: readonly string[], waiting: Waiting): void {
    this.size += 1;
    if (origin === undefined) {
      this.own.push(waiting);
      return;
    }
    const lane = this.within.get(origin) ?? new Lane();
    this.within.set(origin, lane);
    lane.add(narrower, waiting);
  }

  shift(): Waiting | undefined {
    if (this.size === 0) return undefined;
    this.size -= 1;
    const [next] = this.within;
    if (this.own.length > 0 || !next) return this.own.shift();
    const [origin, lane] = next;
    this.within.delete(origin);
    const waiting = lane.shift();
    if (lane.size > 0) this.within.set(origin, lane);
    return waiting;
  }

  /** @returns true when they waited here */
  remove(id: string): boolean {
    const index = this.own.findIndex((waiting) => waiting.id === id);
    if (index >= 0) this.own.splice(index, 1);
    const isHere = index >= 0 || [...this.within].some((entry) => this.removeWithin(entry, id));
    if (isHere) this.size -= 1;
    return isHere;
  }

  /** Who came last of the origin that has most of them waiting. */
  get last(): Waiting | undefined {
    let most: Lane | undefined;
    for (const lane of this.within.values()) if (!most || lane.size >= most.size) most = lane;
    return most && most.size >= this.own.length ? most.last : this.own.at(-1);
  }

  private removeWithin([origin, lane]: [string, Lane], id: string): boolean {
    const isHere = lane.remove(id);
    if (lane.size === 0) this.within.delete(origin);
    return isHere;
  }
}

/**
 * The order of the hashing queue: callers who are known to the account go before strangers, but for one turn in four. So neither a
 * flood of strangers nor one of callers with accounts of their own keeps the others waiting for ever. When a lane is full, the last
 * one of the origin that fills it most gives way.
 */
export class HashingLanes implements Queue<Run, LaneOptions> {
  private readonly known = new Lane();
  private readonly strangers = new Lane();
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
    for (const lane of [this.known, this.strangers]) lane.remove(id);
  }

  filter(): never {
    throw new Error('Callers are not looked for.');
  }

  setPriority(): never {
    throw new Error('A caller stays in its lane.');
  }
}
