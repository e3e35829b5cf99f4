import { refresh, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { PostgresServer } from '../support/postgres-server.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { RedisServer } from '../support/redis-server.js';
import { ServerProcess } from '../support/server-process.js';
import { migrate } from '../support/test-server.js';

// An embedded database is not away, and Redis comes with PostgreSQL.
(testEngine === 'postgres' ? it : it.skip)(
  'the log says which dependency is away and what to do, once for Redis, and under the request for PostgreSQL',
  async () => {
    const [postgres, redis] = [await PostgresServer.create(), await RedisServer.create()];
    await migrate({ DATABASE_URL: postgres.url });
    const JWT_SECRET = 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E';
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, JWT_SECRET, LOG_LEVEL: 'info' };
    const server = await ServerProcess.start({ env });
    const user = await signUp(server);
    await redis.kill();
    for (let count = 0; count < 5; count++) expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    await postgres.stop();
    const answer = await refresh(server, user.refreshToken);
    expect(refusalOf(answer)).toBe('SERVICE_UNAVAILABLE');
    await postgres.start();
    await redis.start();
    await eventually('the return of Redis is logged', async () => server.output.includes('Redis is back.'));
    await server.kill('SIGTERM');
    await server.remove();
    await redis.remove();
    await postgres.remove();

    const lines = server.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string; requestId?: string });
    const messages = lines.map(({ msg }) => msg);
    const away = messages.filter((msg) => msg.startsWith('Redis is away'));
    expect(away).toEqual([expect.stringContaining('Check REDIS_URL and the server behind it.')]);
    const fault = lines.find(({ requestId }) => requestId === answer.errors[0]?.extensions.requestId);
    expect(fault?.msg).toMatch(
      /^The database does not answer in time or can not write\. Check the server behind DATABASE_URL/,
    );
    expect(server.output).not.toContain(JWT_SECRET);
  },
);
