import request from 'supertest';
import { SharedStore } from '../../src/store/shared-store.js';
import { Backoff } from '../../src/throttle/backoff.js';
import { Limiters } from '../../src/throttle/limiter.js';
import { PASSWORD, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Instances } from '../support/instances.js';
import { figureIn } from '../support/metrics.js';
import { refusalOf } from '../support/refusals.js';
import type { ServerProcess } from '../support/server-process.js';
import type { TestServer } from '../support/test-server.js';

type Command = [name: string, ...args: (string | number)[]];

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';

// SQLite has one instance.
// @see twentyhq/twenty#3545
(testEngine === 'postgres' ? describe : describe.skip)('limits of several instances', () => {
  let instances: Instances;
  beforeEach(async () => {
    instances = await Instances.start({ RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1' });
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
    expect(apart.least).toBeLessThanOrEqual(12);
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
    'are counted by each instance while Redis %s, where delays grow as ever',
    async (_, begin, end) => {
      const { here, redis } = instances;
      const backoff = new Backoff(here.app.get(Limiters), 'test', { atOnce: 4, memory: 10_000, longestDelay: 60 });
      expect(await backoff.admit('before')).toBeUndefined();
      await redis.command(0, ...begin);
      const delays: number[] = [];
      while (delays.length < 5) {
        const wait = await backoff.admit('key');
        if (wait !== undefined) delays.push(wait);
        here.clock.advance(wait ?? 0);
      }
      expect(delays).toEqual([1, 2, 4, 8, 16]);
      const isReady = async () => (await request(here.url).get('/health/ready')).text.includes('"redis":"up"');
      expect(await isReady()).toBe(false);
      await redis.command(0, ...end);
      await eventually('Redis is used again', isReady);
      // What was counted there before is there still, and what was counted here is forgotten here.
      await backoff.forget('key');
      expect(await backoff.admit('key')).toBeUndefined();
    },
  );

  it('are taken back where they were counted, and never go below none', async () => {
    const { here, redis } = instances;
    const limiter = here.app.get(Limiters).create('taken back', { attempts: 10, seconds: 600 });
    await limiter.spend('key');
    redis.freeze();
    await limiter.spend('key');
    redis.thaw();
    await eventually('Redis is used again', () => Promise.resolve(here.app.get(SharedStore).isReady));
    await limiter.giveBack('key');
    const shared = await redis.command(0, 'GET', 'limit:taken back:key');
    await limiter.giveBack('key');
    expect(Number(shared) - Number(await redis.command(0, 'GET', 'limit:taken back:key'))).toBe(1);
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
