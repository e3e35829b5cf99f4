import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { perCurrentRequest } from '../common/per-request.js';
import { inSpan } from '../telemetry/span.js';
import { HashingLanes, type LaneOptions } from './hashing-lanes.js';

/** libuv's default. bcrypt runs in this pool, and so do file access and DNS. */
const LIBUV_THREADS = 4;

export interface HashingBounds {
  /** Hashes at the same time. */
  concurrency: number;
  /** Callers that wait for their turn, of each lane. */
  maxWaiting: number;
  maxWaitMs: number;
}

/** One hash a core, and always one thread of the pool left over. A waiting caller costs memory, a hash costs a core. */
export const HASHING_BOUNDS: HashingBounds = {
  concurrency: Math.min(availableParallelism(), LIBUV_THREADS - 1),
  maxWaiting: 400,
  maxWaitMs: 5_000,
};

/** By then whoever waits at the moment of a refusal has been served or refused. */
const RETRY_AFTER_SECONDS = HASHING_BOUNDS.maxWaitMs / 1000;

/** Who waits for a hash. */
export interface HashingCaller {
  /** The networks that they come from, the widest first, and the account or proof that they have shown. Empty where nothing is counted. */
  readonly origins: readonly string[];
  /** The request has shown who it is, or that it was here before: it goes before those of strangers. */
  readonly isKnown: boolean;
}

/**
 * The one way to bcrypt (ASVS 15.2.2, 15.4.4), at most `concurrency` at a time. Callers who are known go before strangers, who keep a
 * share, and networks take turns (`HashingLanes`). A caller beyond the bounds is refused without any bcrypt.
 */
export class HashingQueue {
  private readonly queue: PQueue<HashingLanes, LaneOptions>;
  private readonly caller = perCurrentRequest((): { present: HashingCaller } => ({
    present: { origins: [], isKnown: false },
  }));

  /** @param onRefused called for each caller that is turned away */
  constructor(
    private readonly bounds: HashingBounds = HASHING_BOUNDS,
    private readonly onRefused: () => void = () => undefined,
  ) {
    this.queue = new PQueue({ concurrency: bounds.concurrency, queueClass: HashingLanes });
  }

  get running(): number {
    return this.queue.pending;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** Says who the caller of the present request is. */
  callerIs(present: HashingCaller): void {
    this.caller().present = present;
  }

  /** @throws AppError `SERVICE_UNAVAILABLE` with `retryAfter` when the queue is full or the wait too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { origins, isKnown } = this.caller().present;
    const wait = new AbortController();
    const giveUp = (): void => {
      clearTimeout(timer);
      wait.abort(this.refusal());
    };
    const timer = setTimeout(giveUp, this.bounds.maxWaitMs);
    const lane = { priority: isKnown ? 1 : 0, origins, most: this.bounds.maxWaiting, giveUp };
    const start = (): Promise<T> => {
      clearTimeout(timer);
      return inSpan('bcrypt', {}, work);
    };
    return this.queue.add(start, { ...lane, signal: wait.signal, id: randomUUID() });
  }

  private refusal(): AppError {
    this.onRefused();
    return overloaded();
  }
}

function overloaded(): AppError {
  return new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'Too many passwords are being checked right now. Try again.', {
    action: ErrorAction.RETRY,
    retryAfter: RETRY_AFTER_SECONDS,
  });
}
