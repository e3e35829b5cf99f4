import request from 'supertest';
import { SharedStore } from '../../src/store/shared-store.js';
import { Backoff } from '../../src/throttle/backoff.js';
import { Limiters } from '../../src/throttle/limiter.js';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Instances } from '../support/instances.js';
import { figureIn } from '../support/metrics.js';
import { refusalOf } from '../support/refusals.js';
import type { ServerProcess } from '../support/server-process.js';
import type { TestServer } from '../support/test-server.js';

type Command = [name: string, ...args: (string | number)[]];

/** Redis is away when a test takes it away, and not when the machine is busy. */
const PATIENT = { REDIS_TIMEOUT_MS: '1000' };

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';

// SQLite has one instance.
// @see twentyhq/twenty#3545
(testEngine === 'postgres' ? describe : describe.skip)('limits of several instances', () => {
  let instances: Instances;
  beforeEach(async () => {
    instances = await Instances.start({ RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1', ...PATIENT });
  });
  afterEach(() => instances.stop());

  /**
   * How many of so many wrong passwords were looked at, without those that the passing of time allows: one after 1 s, one
   * more after another 2 s, and so on.
   */
  async function guesses(email: string, ip: string, servers: (TestServer | ServerProcess)[], count: number) {
    const input = { email, password: 'not the password' };
    const started = performance.now();
    let checked = 0;
    for (let index = 0; index < count; index++) {
      const server = servers[index % servers.length];
      const answer = await server?.call(LOGIN, { input }, { headers: { 'x-forwarded-for': ip } });
      if (answer && refusalOf(answer) === 'INVALID_CREDENTIALS') checked += 1;
    }
    const openings = Math.floor(Math.log2((performance.now() - started) / 1000 + 1));
    return { least: Math.max(0, checked - openings * servers.length), most: checked };
  }

  it('are counted together: two instances give no guess more than one, and a restart forgets nothing', async () => {
    const { here, there } = instances;
    const { email } = await signUp(here);
    const together = await guesses(email, '192.0.2.1', [here, there], 30);
    expect(together.least).toBeLessThanOrEqual(10);
    expect(together.most).toBeGreaterThanOrEqual(10);
    await there.kill();
    await there.start();
    expect((await guesses(email, '192.0.2.1', [there], 5)).most).toBeLessThanOrEqual(1);
    // Nobody else is slowed down: the owner, elsewhere.
    const input = { email, password: PASSWORD };
    const answer = await there.call(LOGIN, { input }, { headers: { 'x-forwarded-for': '198.51.100.7' } });
    expect(answer.errors).toEqual([]);
  });

  it('are halved in each instance while Redis is away, and whole again when it is back', async () => {
    const { here, there, redis } = instances;
    const { email } = await signUp(here);
    await redis.kill();
    const apart = await guesses(email, '192.0.2.2', [here, there], 30);
    expect(apart.least).toBeLessThanOrEqual(10);
    expect(apart.most).toBeGreaterThanOrEqual(10);
    expect(figureIn(await there.metrics(), 'redis_fallbacks_total', '{use="limits"}')).toBeGreaterThan(0);
    expect(figureIn(await there.metrics(), 'redis_up')).toBe(0);
    await redis.start();
    await eventually('Redis is used again', async () => figureIn(await there.metrics(), 'redis_up') === 1);
    const whole = await guesses(email, '192.0.2.3', [there], 20);
    expect(whole.least).toBeLessThanOrEqual(10);
    expect(whole.most).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['is a replica', ['REPLICAOF', '127.0.0.1', 1], ['REPLICAOF', 'NO', 'ONE']],
    [
      'has too few replicas',
      ['CONFIG', 'SET', 'min-replicas-to-write', 1],
      ['CONFIG', 'SET', 'min-replicas-to-write', 0],
    ],
    ['has no memory left', ['CONFIG', 'SET', 'maxmemory', 1], ['CONFIG', 'SET', 'maxmemory', 0]],
    [
      'lets nobody write',
      ['ACL', 'SETUSER', 'default', '-@write', '-@scripting'],
      ['ACL', 'SETUSER', 'default', '+@all'],
    ],
  ] as [string, Command, Command][])(
    'are counted by each instance while Redis %s, and each of its delays is two of them',
    async (_, begin, end) => {
      const { here, redis } = instances;
      const backoff = new Backoff(here.app.get(Limiters), 'test', { atOnce: 4, memory: 10_000, longestDelay: 60 });
      expect((await backoff.admit('before')).wait).toBeUndefined();
      await redis.command(0, ...begin);
      const delays: number[] = [];
      while (delays.length < 5) {
        const { wait } = await backoff.admit('key');
        if (wait !== undefined) delays.push(wait);
        here.clock.advance(wait ?? 0);
      }
      expect(delays).toEqual([3, 12, 48, 120, 120]);
      const isReady = async () => (await request(here.url).get('/health/ready')).text.includes('"redis":"up"');
      expect(await isReady()).toBe(false);
      await redis.command(0, ...end);
      await eventually('Redis is used again', isReady);
      // What was counted there before is there still, and what was counted here is forgotten here.
      await backoff.forget('key');
      expect((await backoff.admit('key')).wait).toBeUndefined();
    },
  );

  it('are those of one, at any time, of two instances without Redis', async () => {
    const { here, redis } = instances;
    const limits = { atOnce: 10, memory: 86_400, longestDelay: 3600 };
    // What each instance counts for itself is in the memory of its limiters.
    const [one, other] = [0, 1].map(() => new Backoff(here.app.get(Limiters), 'apart', limits));
    await redis.kill();
    await eventually('Redis is away', () => Promise.resolve(!here.app.get(SharedStore).isReady));
    here.clock.freeze();
    let guesses = 0;
    for (let second = 0; second <= 300; second++) {
      for (let attempt = 0; attempt < 12; attempt++) {
        for (const backoff of [one, other]) if ((await backoff?.admit('key'))?.wait === undefined) guesses += 1;
      }
      expect(guesses).toBeLessThanOrEqual(10 + Math.floor(Math.log2(second + 1)));
      here.clock.advance(1);
    }
    expect(guesses).toBe(18);
  });

  it('are taken back where they were counted, whatever else was counted while Redis was away', async () => {
    const { here, redis } = instances;
    const limiter = here.app.get(Limiters).create('apart', { attempts: 10, seconds: 600 });
    const stored = () => redis.command(0, 'GET', 'limit:apart:key');
    const [first, second] = [await limiter.count('key'), await limiter.count('key')];
    await redis.command(0, 'CONFIG', 'SET', 'min-replicas-to-write', 1);
    const toItself = [await limiter.count('key'), await limiter.count('key'), await limiter.count('key')];
    // Half of the budget, and how many are beyond it.
    expect(toItself.map(({ excess }) => excess)).toEqual([-4, -3, -2]);
    await limiter.giveBack(first);
    expect([await stored(), (await limiter.count('key')).excess]).toEqual(['2', -1]);
    await redis.command(0, 'CONFIG', 'SET', 'min-replicas-to-write', 0);
    await eventually('Redis is used again', () => Promise.resolve(here.app.get(SharedStore).isReady));
    for (const attempt of toItself) await limiter.giveBack(attempt);
    expect(await stored()).toBe('2');
    await limiter.giveBack(second);
    expect(await stored()).toBe('1');
    await redis.kill();
    await eventually('Redis is away', () => Promise.resolve(!here.app.get(SharedStore).isReady));
    expect((await limiter.count('key')).excess).toBe(-3);
  });

  it('are counted once when the answer of Redis is late', async () => {
    const { here, redis } = instances;
    const limiter = here.app.get(Limiters).create('late', { attempts: 10, seconds: 600 });
    await limiter.count('key');
    redis.freeze();
    const late = await limiter.count('key');
    redis.thaw();
    expect(late.excess).toBe(-4);
    await eventually('Redis is used again', () => Promise.resolve(here.app.get(SharedStore).isReady));
    const isCountedOnce = async () => (await redis.command(0, 'GET', 'limit:late:key')) === '1';
    await eventually('what Redis counted late is taken back', isCountedOnce);
    await limiter.giveBack(late);
    expect(await isCountedOnce()).toBe(true);
  });

  it('count no right password, also after wrong ones that came while Redis was away', async () => {
    const { here, redis } = instances;
    const { email } = await signUp(here);
    const ip = '192.0.2.6';
    await redis.kill();
    await guesses(newEmail(), ip, [here], 3);
    await redis.start();
    await eventually('Redis is used again', () => Promise.resolve(here.app.get(SharedStore).isReady));
    const input = { email, password: PASSWORD };
    for (let index = 0; index < 3; index++) {
      expect((await here.call(LOGIN, { input }, { headers: { 'x-forwarded-for': ip } })).errors).toEqual([]);
    }
    expect(await redis.command(0, 'GET', `limit:wrong-password:address:at-once:${ip}`)).toBe('0');
  });

  it('are not taken back where they have ended meanwhile: no key is made, and none is below 0', async () => {
    const { here, redis } = instances;
    const limiter = here.app.get(Limiters).create('ended', { attempts: 3, seconds: 600 });
    const stored = () => redis.command(0, 'GET', 'limit:ended:key');
    const attempt = await limiter.count('key');
    await redis.command(0, 'DEL', 'limit:ended:key');
    await limiter.giveBack(attempt);
    expect(await stored()).toBeNull();
    await limiter.count('key');
    await Promise.all([0, 1, 2].map(() => limiter.giveBack(attempt)));
    expect(await stored()).toBe('0');
    // What is taken back leaves the window as long as it was.
    expect(await redis.command(0, 'TTL', 'limit:ended:key')).toBeGreaterThan(500);
    const attempts = await Promise.all([1, 2, 3, 4].map(() => limiter.count('key')));
    expect(attempts.filter(({ excess }) => excess <= 0)).toHaveLength(3);
  });

  it('have keys that end by themselves and name nobody', async () => {
    const { here, there, redis } = instances;
    const { email } = await signUp(here);
    await guesses(email, '192.0.2.4', [here, there], 15);
    const keys = ((await redis.command(0, 'KEYS', 'limit:*')) as string[]).sort();
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      expect(key).not.toContain(email);
      // -1 is one that stays, -2 one that has just ended.
      expect(await redis.command(0, 'TTL', key)).not.toBe(-1);
    }
    expect(
      new Set(
        keys.map((key) =>
          key
            .split(':')
            .slice(0, key.includes('wrong') ? 4 : 2)
            .join(':'),
        ),
      ),
    ).toEqual(
      new Set([
        'limit:login',
        'limit:signup',
        'limit:audited-refusals',
        'limit:wrong-password:account:at-once',
        'limit:wrong-password:account:delays',
        'limit:wrong-password:account:gate',
        'limit:wrong-password:address:at-once',
      ]),
    );
  });
});
