import { Cable } from '../support/cable.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { TestServer } from '../support/test-server.js';
import { redisUrlFor } from '../support/redis.js';
import { probe } from './probe.js';

describe('the probes', () => {
  it('answer anybody without a token, and are not cached', async () => {
    const server = await TestServer.start();
    const redis = testEngine === 'postgres' ? { redis: 'up' } : {};
    await eventually('Redis', async () => (await probe(server.url, 'ready')).status === 200);
    expect(await probe(server.url, 'live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await probe(server.url, 'ready')).toMatchObject({
      status: 200,
      body: { status: 'ready', database: 'up', ...redis },
    });
    expect((await fetch(`${server.url}/health/ready`)).headers.get('cache-control')).toBe('no-store');
    await server.stop();
  });

  if (testEngine === 'postgres') {
    it('tell within their time that the database hangs, that the process lives, and that all is well again', async () => {
      const databaseUrl = await temporaryDatabaseUrl();
      const cable = await Cable.to(databaseUrl);
      const server = await TestServer.start({ databaseUrl: cable.through(databaseUrl) });
      cable.freeze();
      await eventually('not ready', async () => (await probe(server.url, 'ready')).status === 503);
      const asked = performance.now();
      expect(await probe(server.url, 'ready')).toMatchObject({
        status: 503,
        body: { status: 'unavailable', database: 'down' },
      });
      expect(performance.now() - asked).toBeLessThan(5_000);
      expect(await probe(server.url, 'live')).toMatchObject({ status: 200 });
      cable.thaw();
      await eventually('ready', async () => (await probe(server.url, 'ready')).status === 200);
      await server.stop();
      cable.close();
      await dropDatabase(databaseUrl);
    });

    it('leave an instance in that has lost Redis', async () => {
      const databaseUrl = await temporaryDatabaseUrl();
      const redisUrl = await redisUrlFor(databaseUrl);
      const cable = await Cable.to(redisUrl);
      const server = await TestServer.start({ databaseUrl, env: { REDIS_URL: cable.through(redisUrl) } });
      cable.freeze();
      await eventually('Redis is missed', async () => {
        const { status, body } = await probe(server.url, 'ready');
        expect(status).toBe(200);
        return (body as { redis: string }).redis === 'down';
      });
      await server.stop();
      cable.close();
      await dropDatabase(databaseUrl);
    });
  }
});
