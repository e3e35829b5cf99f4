import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import type { RedisServer } from '../support/redis-server.js';
import { Deployment } from './support/deployment.js';
import { percentile, print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const LOSSES = times(2, 25);
const DEVICES = 6;

/** What happens to Redis, and how it ends. */
const FAULTS: [string, (redis: RedisServer) => Promise<unknown>, (redis: RedisServer) => Promise<unknown>][] = [
  ['killed', (redis) => redis.kill(), (redis) => redis.start()],
  ['frozen', async (redis) => redis.freeze(), async (redis) => redis.thaw()],
  ['flushed', (redis) => redis.command(0, 'FLUSHALL'), async () => undefined],
  [
    'slow',
    // Its one thread sleeps: everybody waits for so long.
    async (redis) => void redis.command(0, 'DEBUG', 'SLEEP', 1).catch(() => undefined),
    () => delay(500),
  ],
];

// Redis comes with PostgreSQL.
(testEngine === 'postgres' ? describe : describe.skip)('Redis under load', () => {
  // @see opengovsg/plumber PR#2203, redis/ioredis#1146
  it.each(FAULTS)(
    '%s: no revoked token is accepted, nobody is logged out, and no request waits for it',
    async (name, begin, end) => {
      const deployment = await Deployment.start();
      const { redis, history } = deployment;
      if (!redis) throw new Error('This suite has Redis');
      const [server] = deployment.servers;
      if (!server) throw new Error('A deployment has an instance');
      const user = await signUp(server);
      /** Milliseconds of `me` while Redis is away, one after the other and without other load; and before. */
      const [waits, before]: [number[], number[]] = [[], []];
      const ask = async (times: number[]) => {
        for (let request = 0; request < 10; request++) {
          const started = performance.now();
          expect(await whoAmI(server, user.accessToken)).toBe(user.id);
          times.push(performance.now() - started);
        }
      };
      for (let loss = 0; loss < LOSSES; loss++) {
        await ask(before);
        await begin(redis);
        await ask(waits);
        await end(redis);
      }
      await deployment.underLoad(DEVICES, async () => {
        for (let loss = 0; loss < LOSSES; loss++) {
          await delay(Math.random() * 500);
          await begin(redis);
          await delay(Math.random() * 1_000);
          await end(redis);
        }
        await delay(500);
      });
      const violations = [...history.violations(), ...(await deployment.partialWrites())];
      await deployment.stop();
      print(`Redis ${name}`, {
        losses: 2 * LOSSES,
        operations: history.entries.length,
        unanswered: history.count('unknown'),
        violations: violations.length,
        'me with it, median ms': percentile(before, 0.5),
        'without it': percentile(waits, 0.5),
        'most ms': percentile(waits, 1),
      });
      expect(violations).toEqual([]);
      // Redis is never a reason to refuse or to put off.
      expect(history.count('unknown')).toBe(0);
      // In one run, on whatever machine: what an outage adds.
      expect(percentile(waits, 0.5) - percentile(before, 0.5)).toBeLessThan(50);
    },
  );
});
