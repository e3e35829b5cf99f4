import type { Queue, QueueAddOptions } from 'p-queue';

/** Of so many turns one is a stranger's, as long as strangers wait. */
const TURNS = 4;

type Run = () => Promise<unknown>;

/** Who waits: 1 or more as `priority` for a caller who is known, and where they come from. */
export interface LaneOptions extends QueueAddOptions {
  readonly network?: string;
}

interface Waiting {
  readonly run: Run;
  readonly id: string | undefined;
}

/** Each network has its turn, so that none keeps the others waiting. Within a network the first comes first. */
class Lane {
  private readonly networks = new Map<string, Waiting[]>();

  all(network?: string): Waiting[] {
    return network === undefined ? [...this.networks.values()].flat() : (this.networks.get(network) ?? []);
  }

  add(network: string, waiting: Waiting): void {
    this.networks.set(network, [...this.all(network), waiting]);
  }

  shift(): Waiting | undefined {
    const [next] = this.networks;
    if (!next) return undefined;
    const [network, [first, ...others]] = next;
    // A map keeps the order in which its keys came: from now on this one is the last.
    this.networks.delete(network);
    if (others.length > 0) this.networks.set(network, others);
    return first;
  }

  remove(id: string): void {
    for (const [network, waiting] of this.networks) {
      const others = waiting.filter((each) => each.id !== id);
      if (others.length > 0) this.networks.set(network, others);
      else this.networks.delete(network);
    }
  }
}

/**
 * The order of the hashing queue: callers who are known to the account go before strangers, but for one turn in four. So neither a
 * flood of strangers nor one of callers with accounts of their own keeps the others waiting for ever.
 */
export class HashingLanes implements Queue<Run, LaneOptions> {
  private readonly known = new Lane();
  private readonly strangers = new Lane();
  private turn = 0;

  get size(): number {
    return this.known.all().length + this.strangers.all().length;
  }

  enqueue(run: Run, options?: Partial<LaneOptions>): void {
    this.laneOf(options).add(options?.network ?? '', { run, id: options?.id });
  }

  dequeue(): Run | undefined {
    this.turn = (this.turn + 1) % TURNS;
    const [first, second] = this.turn === 0 ? [this.strangers, this.known] : [this.known, this.strangers];
    return (first.shift() ?? second.shift())?.run;
  }

  /** Those of one lane, or of one network in it. */
  filter(options: Readonly<Partial<LaneOptions>>): Run[] {
    return this.laneOf(options)
      .all(options.network)
      .map(({ run }) => run);
  }

  /** Given up by its caller, who has waited too long. */
  remove(id: string): void {
    for (const lane of [this.known, this.strangers]) lane.remove(id);
  }

  setPriority(): void {
    throw new Error('A caller stays in its lane.');
  }

  private laneOf(options: Readonly<Partial<LaneOptions>> | undefined): Lane {
    return (options?.priority ?? 0) > 0 ? this.known : this.strangers;
  }
}
