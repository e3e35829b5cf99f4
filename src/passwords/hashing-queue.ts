import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { perCurrentRequest } from '../common/per-request.js';
import { inSpan } from '../telemetry/span.js';
import { HashingLanes } from './hashing-lanes.js';

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
  maxWaiting: 200,
  maxWaitMs: 5_000,
};

/** By then whoever waits at the moment of a refusal has been served or refused. */
const RETRY_AFTER_SECONDS = HASHING_BOUNDS.maxWaitMs / 1000;

/**
 * The one way to bcrypt (ASVS 15.2.2, 15.4.4), at most `concurrency` at a time. Callers who are known go before strangers, who keep a
 * share (`HashingLanes`). A caller beyond the bounds is refused without any bcrypt.
 */
export class HashingQueue {
  private readonly queue: PQueue<HashingLanes>;
  private readonly caller = perCurrentRequest(() => ({ isKnown: false }));

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

  /** From here on the present request goes before those of strangers: it has shown who it is, or that it was here before. */
  favour(): void {
    this.caller().isKnown = true;
  }

  /** @throws AppError `SERVICE_UNAVAILABLE` with `retryAfter` when the queue is full or the wait too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const priority = this.caller().isKnown ? 1 : 0;
    // Strangers who fill their lane leave the other one free.
    if (this.queue.sizeBy({ priority }) >= this.bounds.maxWaiting) throw this.refusal();
    const wait = new AbortController();
    const timer = setTimeout(() => wait.abort(this.refusal()), this.bounds.maxWaitMs);
    const start = (): Promise<T> => {
      clearTimeout(timer);
      return inSpan('bcrypt', {}, work);
    };
    return this.queue.add(start, { signal: wait.signal, priority, id: randomUUID() });
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
