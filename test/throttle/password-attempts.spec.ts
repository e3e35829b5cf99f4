import fc from 'fast-check';
import { AppError } from '../../src/common/app-error.js';
import { ErrorCode } from '../../src/common/error-codes.js';
import { AccountDigests } from '../../src/throttle/account-digests.js';
import { Backoff } from '../../src/throttle/backoff.js';
import { SharedStore } from '../../src/store/shared-store.js';
import { Limiters } from '../../src/throttle/limiter.js';
import { Networks } from '../../src/throttle/networks.js';
import { WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { PasswordAttempts } from '../../src/throttle/password-attempts.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { FakeClock } from '../support/fake-clock.js';
import { LimiterTime } from '../support/limiter-time.js';

const client = { ipAddress: '192.0.2.1', userAgent: null, locale: null };
const attempt = { email: 'ann@example.com', client, deviceId: undefined };

/** Counters in the memory of this process. */
const metrics = new Metrics({ METRICS_ENABLED: false });
const digests = new AccountDigests({ JWT_SECRET: 'Xk3vT9sWq1Lr7Zp5Nc8Hd2Jb6Gm4Fa0E' });
const limiters = () =>
  new Limiters(new SharedStore(metrics, { REDIS_TIMEOUT_MS: 25 }, undefined), metrics, new FakeClock());

const failing = (code: ErrorCode) => () => Promise.reject(new AppError(code, 'no'));

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : 'fault'),
  );
}

describe('an attempt that was not about the password', () => {
  it.each([
    ['a full hashing queue', failing(ErrorCode.SERVICE_UNAVAILABLE)],
    ['a fault', () => Promise.reject(new Error('disk on fire'))],
  ])('counts for nothing: %s', async (_, make) => {
    const attempts = new PasswordAttempts(limiters(), new Networks(), digests, { RATE_LIMITS_ENABLED: true });
    for (let index = 0; index < WRONG_PASSWORDS.address.atOnce * 2; index++) {
      await outcomeOf(attempts.count(attempt, make));
    }
    for (let index = 0; index < WRONG_PASSWORDS.account.atOnce; index++) {
      expect(await outcomeOf(attempts.count(attempt, failing(ErrorCode.INVALID_CREDENTIALS)))).toBe(
        'INVALID_CREDENTIALS',
      );
    }
    expect(await outcomeOf(attempts.count(attempt, () => Promise.resolve()))).toBe('TOO_MANY_REQUESTS');
  });
});

describe('a known device at an address whose known devices have guessed a lot', () => {
  const known = (email: string) => ({ email, client, deviceId: 'a device' });
  const wrong = failing(ErrorCode.INVALID_CREDENTIALS);

  /** What becomes of this many wrong passwords of the device, after others have used up what the address has. */
  async function outcomesOf(before: (attempts: PasswordAttempts) => Promise<unknown>, count: number) {
    const attempts = new PasswordAttempts(limiters(), new Networks(), digests, { RATE_LIMITS_ENABLED: true });
    for (let other = 0; other < WRONG_PASSWORDS.address.atOnce; other++) {
      const account = known(`${String(other)}@example.com`);
      for (let guess = 0; guess < WRONG_PASSWORDS.account.atOnce; guess++) {
        await outcomeOf(attempts.count(account, wrong));
      }
    }
    await before(attempts);
    const outcomes = [];
    for (let guess = 0; guess < count; guess++) {
      outcomes.push(await outcomeOf(attempts.count(known('ann@example.com'), wrong)));
    }
    return outcomes;
  }

  const spared = new Array<string>(WRONG_PASSWORDS.spared).fill('INVALID_CREDENTIALS');

  it.each([
    ['a right one', () => Promise.resolve()],
    ['one that could not be looked at', failing(ErrorCode.SERVICE_UNAVAILABLE)],
  ])('has some of its own, and all of them again after %s', async (_, make) => {
    const once = (attempts: PasswordAttempts) => outcomeOf(attempts.count(known('ann@example.com'), make));
    expect(await outcomesOf(once, spared.length + 1)).toEqual([...spared, 'TOO_MANY_REQUESTS']);
  });

  it('has them once for all of the account', async () => {
    const one = (attempts: PasswordAttempts) => outcomeOf(attempts.count(known('ann@example.com'), wrong));
    expect(await outcomesOf(one, spared.length)).toEqual([...spared.slice(1), 'TOO_MANY_REQUESTS']);
  });
});

it('with RATE_LIMITS_ENABLED=false nothing is counted', async () => {
  const attempts = new PasswordAttempts(limiters(), new Networks(), digests, { RATE_LIMITS_ENABLED: false });
  for (let index = 0; index < 200; index++) {
    const wrong = attempts.count(attempt, failing(ErrorCode.INVALID_CREDENTIALS));
    expect(await outcomeOf(wrong)).toBe('INVALID_CREDENTIALS');
  }
});

describe('back-off', () => {
  const limits = { atOnce: 3, memory: 10_000, longestDelay: 64 };

  /** What is promised: the attempts at once, and one for each delay that has passed since. */
  function allowedAfter(seconds: number): number {
    let [allowed, start, delay] = [limits.atOnce, 0, 1];
    while (start + delay <= seconds) {
      start += delay;
      allowed += 1;
      delay = Math.min(delay * 2, limits.longestDelay);
    }
    return allowed;
  }

  it('never admits more than its schedule, however attempts are spread and bunched', async () => {
    const steps = fc.array(fc.record({ wait: fc.nat({ max: 70 }), parallel: fc.integer({ min: 1, max: 8 }) }), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const time = new LimiterTime();
        const backoff = new Backoff(limiters(), 'property', limits);
        let [seconds, admitted] = [0, 0];
        try {
          for (const { wait, parallel } of schedule) {
            time.advance(wait);
            seconds += wait;
            const attempts = await Promise.all(Array.from({ length: parallel }, () => backoff.admit('key')));
            const waits = attempts.map(({ wait }) => wait);
            admitted += waits.filter((it) => it === undefined).length;
            // Real time goes on as well, by less than a second.
            expect(admitted).toBeLessThanOrEqual(allowedAfter(seconds + 1));
            expect(waits.every((it) => it === undefined || (it >= 1 && it <= limits.longestDelay))).toBe(true);
          }
        } finally {
          time.restore();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps keys apart', async () => {
    const backoff = new Backoff(limiters(), 'apart', limits);
    for (let index = 0; index < 5; index++) await backoff.admit('one');
    expect((await backoff.admit('one')).wait).toBe(1);
    expect((await backoff.admit('other')).wait).toBeUndefined();
  });
});
