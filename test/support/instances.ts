import type { Type } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { dropDatabase, temporaryDatabaseUrl } from './database.js';
import { beginRevocationList } from './redis.js';
import { RedisServer } from './redis-server.js';
import { ServerProcess } from './server-process.js';
import { migrate, TestServer } from './test-server.js';

/**
 * Two instances of one deployment on one PostgreSQL database, and a Redis that a test may kill. One is in this process,
 * to look into it and to act as an operator; one is a process of its own, because two in one would share Passport.
 */
export class Instances {
  private constructor(
    readonly redis: RedisServer,
    readonly databaseUrl: string,
    readonly here: TestServer,
    readonly there: ServerProcess,
  ) {}

  /**
   * @param env of both
   * @param redisUrls how each of the two reaches Redis
   * @param imports modules of the one in this process
   */
  static async start(
    env: Record<string, string> = {},
    redisUrls: (redis: RedisServer) => Promise<[string, string]> = async ({ url }) => [url, url],
    imports: Type[] = [],
  ): Promise<Instances> {
    const redis = await RedisServer.create();
    const databaseUrl = await temporaryDatabaseUrl();
    await migrate({ DATABASE_URL: databaseUrl });
    await beginRevocationList(databaseUrl, redis.url, 900);
    // One issuer and one secret, whichever of them answers.
    const shared = {
      PUBLIC_URL: 'https://auth.example.com',
      JWT_SECRET: randomBytes(48).toString('base64url'),
      ...env,
    };
    const [urlHere, urlThere] = await redisUrls(redis);
    const [here, there] = await Promise.all([
      TestServer.start({ databaseUrl, imports, env: { ...shared, REDIS_URL: urlHere } }),
      ServerProcess.start({ env: { ...shared, DATABASE_URL: databaseUrl, REDIS_URL: urlThere } }),
    ]);
    return new Instances(redis, databaseUrl, here, there);
  }

  async stop(): Promise<void> {
    await this.here.stop();
    await this.there.remove();
    await this.redis.remove();
    await dropDatabase(this.databaseUrl);
  }
}
