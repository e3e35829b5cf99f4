import { availableParallelism } from 'node:os';
import { AppError } from '../../src/common/app-error.js';
import { withRequestId } from '../../src/common/request-id.js';
import { HASHING_BOUNDS, HashingQueue } from '../../src/passwords/hashing-queue.js';

/** Work that lasts until the test ends it, and knows how often it ran and how much of it at once. */
class Workload {
  running = 0;
  mostAtOnce = 0;
  started = 0;
  private readonly ends: (() => void)[] = [];

  readonly work = async (): Promise<number> => {
    this.started += 1;
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    const turn = this.started;
    await new Promise<void>((resolve) => this.ends.push(resolve));
    this.running -= 1;
    return turn;
  };

  endOne(): void {
    this.ends.shift()?.();
  }
}

const unavailable = {
  code: 'SERVICE_UNAVAILABLE',
  message: 'Too many passwords are being checked right now. Try again.',
  action: 'RETRY',
  retryAfter: 5,
  reason: undefined,
  fields: undefined,
};

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

/** Within a request of its own. */
const asRequest = <T>(work: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => withRequestId(undefined, () => void work().then(resolve, reject)));

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('the hashing queue', () => {
  it('leaves a thread of the pool and uses no more than the cores there are', () => {
    expect(HASHING_BOUNDS).toEqual({
      concurrency: Math.min(availableParallelism(), 3),
      maxWaiting: 400,
      maxWaitMs: 5000,
    });
  });

  it('runs at most as many at a time as allowed, in the order of arrival, and serves all', async () => {
    const load = new Workload();
    const queue = new HashingQueue({ concurrency: 2, maxWaiting: 10, maxWaitMs: 1000 });

    const turns = Array.from({ length: 6 }, () => queue.run(load.work));
    for (let ended = 0; ended < 6; ended += 1) {
      await pause(1);
      load.endOne();
    }

    await expect(Promise.all(turns)).resolves.toEqual([1, 2, 3, 4, 5, 6]);
    expect(load.mostAtOnce).toBe(2);
  });

  describe('with callers who are known', () => {
    /** One call of each, in a request of its own: `known` or `stranger`, and from where. @returns who was served in which order */
    async function orderOf(queue: HashingQueue, load: Workload, callers: string[]): Promise<string[]> {
      const order: string[] = [];
      const calls = callers.map((caller) =>
        asRequest(async () => {
          const [kind, network] = caller.split(' from ');
          queue.callerIs({ origins: network?.split(' in ').toReversed() ?? [], isKnown: kind === 'known' });
          await queue.run(async () => {
            order.push(caller);
            return load.work();
          });
        }),
      );
      for (let ended = 0; ended < callers.length; ended += 1) {
        await pause(1);
        load.endOne();
      }
      await Promise.all(calls);
      return order;
    }

    it('serves them before strangers, who keep one turn in four', async () => {
      const queue = new HashingQueue({ concurrency: 1, maxWaiting: 10, maxWaitMs: 1000 });
      const callers = [...times(3, 'stranger'), ...times(6, 'known')];
      expect(await orderOf(queue, new Workload(), callers)).toEqual([
        'stranger', // When nobody else was there.
        ...times(2, 'known'),
        'stranger',
        ...times(3, 'known'),
        'stranger',
        'known',
      ]);
    });

    it('serves networks in turn, those of one lane among each other', async () => {
      const queue = new HashingQueue({ concurrency: 1, maxWaiting: 10, maxWaitMs: 1000 });
      const callers = [...times(4, 'known from A'), ...times(2, 'known from B'), 'known from C'];
      expect(await orderOf(queue, new Workload(), callers)).toEqual([
        'known from A', // When nobody else was there.
        ...['known from A', 'known from B', 'known from C'],
        ...['known from A', 'known from B'],
        'known from A',
      ]);
    });

    it('gives a greater network one turn, however many networks it is made of', async () => {
      const queue = new HashingQueue({ concurrency: 1, maxWaiting: 10, maxWaitMs: 1000 });
      const callers = [...['a', 'b', 'c', 'a'].map((it) => `stranger from ${it} in X`), 'stranger from d in Y'];
      expect(await orderOf(queue, new Workload(), callers)).toEqual([
        'stranger from a in X', // When nobody else was there.
        ...['stranger from b in X', 'stranger from d in Y'],
        ...['stranger from c in X', 'stranger from a in X'],
      ]);
    });

    it.each([true, false])(
      'refuses the last of the network that fills a lane, and nobody else: %s',
      async (isKnown) => {
        const load = new Workload();
        const queue = new HashingQueue({ concurrency: 1, maxWaiting: 3, maxWaitMs: 1000 });
        const callFrom = (...origins: string[]) =>
          asRequest(() => {
            queue.callerIs({ origins, isKnown });
            return queue.run(load.work);
          }).catch((error: unknown) => error);
        const calls = [callFrom('X', 'a'), callFrom('X', 'b'), callFrom('X', 'c'), callFrom('Y', 'd')];
        // There is no room: the last of the most, twice, and then whoever comes when all have one place.
        calls.push(callFrom('X', 'e'), callFrom('Z', 'f'), callFrom('W', 'g'), callFrom('V', 'h'));
        for (let ended = 0; ended < 4; ended += 1) {
          await pause(1);
          load.endOne();
        }
        const refused = expect.objectContaining(unavailable) as unknown;
        expect(await Promise.all(calls)).toEqual([1, 2, refused, 3, refused, 4, refused, refused]);
      },
    );

    it('has room for them when strangers fill all of theirs', async () => {
      const load = new Workload();
      const queue = new HashingQueue({ concurrency: 1, maxWaiting: 2, maxWaitMs: 1000 });
      const strangers = [queue.run(load.work), queue.run(load.work), queue.run(load.work)];
      await expect(queue.run(load.work)).rejects.toMatchObject(unavailable);
      const known = asRequest(() => {
        queue.callerIs({ origins: [], isKnown: true });
        return queue.run(load.work);
      });
      for (let ended = 0; ended < 4; ended += 1) {
        await pause(1);
        load.endOne();
      }
      expect(await known).toBe(2);
      await Promise.all(strangers);
    });
  });

  it('refuses at once, without work, when as many wait as allowed', async () => {
    const load = new Workload();
    const queue = new HashingQueue({ concurrency: 1, maxWaiting: 1, maxWaitMs: 1000 });
    const served = [queue.run(load.work), queue.run(load.work)];

    const refusal: unknown = await queue.run(load.work).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject(unavailable);
    load.endOne();
    await pause(1);
    load.endOne();
    await expect(Promise.all(served)).resolves.toEqual([1, 2]);
    expect(load.started).toBe(2);
  });

  it.each([true, false])('refuses, without work, who has waited too long, and frees the place: %s', async (isKnown) => {
    const load = new Workload();
    let refused = 0;
    const queue = new HashingQueue({ concurrency: 1, maxWaiting: 1, maxWaitMs: 20 }, () => (refused += 1));
    const call = () =>
      asRequest(() => {
        queue.callerIs({ origins: ['A', 'B'], isKnown });
        return queue.run(load.work);
      });
    const first = call();

    const refusal: unknown = await call().catch((error: unknown) => error);
    expect(queue.waiting).toBe(0);
    const third = call();

    expect(refusal).toMatchObject(unavailable);
    expect(refused).toBe(1);
    load.endOne();
    await pause(1);
    load.endOne();
    await expect(Promise.all([first, third])).resolves.toEqual([1, 2]);
  });

  it('never interrupts what has begun, however long it takes', async () => {
    const load = new Workload();
    const queue = new HashingQueue({ concurrency: 1, maxWaiting: 1, maxWaitMs: 5 });
    const begun = queue.run(load.work);

    await pause(30);
    load.endOne();

    await expect(begun).resolves.toBe(1);
  });

  it('passes a failure on and goes on with the next', async () => {
    const queue = new HashingQueue({ concurrency: 1, maxWaiting: 1, maxWaitMs: 1000 });

    await expect(queue.run(() => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
    await expect(queue.run(() => Promise.resolve('next'))).resolves.toBe('next');
  });
});
