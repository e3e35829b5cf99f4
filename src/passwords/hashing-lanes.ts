import type { Queue, QueueAddOptions } from 'p-queue';

/** Of so many turns one is a stranger's, as long as strangers wait. */
const TURNS = 4;

type Run = () => Promise<unknown>;

interface Waiting {
  readonly run: Run;
  readonly id: string | undefined;
}

/**
 * The order of the hashing queue: callers who are known to the account go before strangers, but for one turn in four. So neither a
 * flood of strangers nor one of callers with accounts of their own keeps the others waiting for ever. Within a lane the first comes first.
 */
export class HashingLanes implements Queue<Run, QueueAddOptions> {
  private readonly known: Waiting[] = [];
  private readonly strangers: Waiting[] = [];
  private turn = 0;

  get size(): number {
    return this.known.length + this.strangers.length;
  }

  enqueue(run: Run, options?: Partial<QueueAddOptions>): void {
    this.laneOf(options).push({ run, id: options?.id });
  }

  dequeue(): Run | undefined {
    this.turn = (this.turn + 1) % TURNS;
    const [first, second] = this.turn === 0 ? [this.strangers, this.known] : [this.known, this.strangers];
    return (first.shift() ?? second.shift())?.run;
  }

  /** Those of one lane. */
  filter(options: Readonly<Partial<QueueAddOptions>>): Run[] {
    return this.laneOf(options).map(({ run }) => run);
  }

  /** Given up by its caller, who has waited too long. */
  remove(id: string): void {
    for (const lane of [this.known, this.strangers]) {
      const index = lane.findIndex((waiting) => waiting.id === id);
      if (index !== -1) lane.splice(index, 1);
    }
  }

  setPriority(): void {
    throw new Error('A caller stays in its lane.');
  }

  private laneOf(options: Readonly<Partial<QueueAddOptions>> | undefined): Waiting[] {
    return (options?.priority ?? 0) > 0 ? this.known : this.strangers;
  }
}
