import { EntityManager, MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sqlite';
import type { DynamicModule, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { AppModule } from '../../src/app.module.js';
import { configureApp } from '../../src/app.setup.js';
import { Clock } from '../../src/common/clock.js';
import type { Env } from '../../src/config/env.js';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { dropDatabase, testDatabaseUrl, testEngine } from './database.js';
import { FakeClock } from './fake-clock.js';
import { type CallOptions, callGraphQL, type GraphQLAnswer } from './graphql-client.js';
import { beginRevocationList, redisUrlFor } from './redis.js';
import { TEST_OUTBOX, testEnv } from './test-env.js';

export interface TestServerOptions {
  /** Environment variables on top of those of `testEnv`. */
  env?: Record<string, string>;
  /** Modules of a fork: resolvers of its own, guarded by our decorators. */
  imports?: (Type | DynamicModule)[];
  /** A database that the test made itself, and drops itself. */
  databaseUrl?: string;
  /** False: this server has no Redis, though the suite has. The counters of the limits know no fake time in there. */
  redis?: boolean;
  /** True: the database is migrated, and this server's account could not do it. */
  isMigrated?: boolean;
}

/** The real application on a real database, listening on a real port. Only the clock is ours. */
export class TestServer {
  readonly clock: FakeClock;

  private constructor(
    readonly app: NestExpressApplication,
    readonly env: Env,
    readonly url: string,
    private readonly ownDatabase: string | undefined,
  ) {
    this.clock = app.get(Clock);
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { env: overrides, imports = [], databaseUrl } = options;
    const url = databaseUrl ?? (await testDatabaseUrl());
    const redisUrl = hasRedis(options) ? await redisUrlFor(url) : undefined;
    const env = testEnv(url, { ...(redisUrl && { REDIS_URL: redisUrl }), ...overrides });
    if (!options.isMigrated) await migrate(env);
    if (redisUrl) await beginRevocationList(url, redisUrl, env.ACCESS_TOKEN_TTL);
    const testing = await Test.createTestingModule({ imports: [AppModule.register(env), ...imports] })
      .overrideProvider(Clock)
      .useValue(new FakeClock())
      .compile();
    const app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false });
    try {
      configureApp(app, env);
      await app.listen(0, '127.0.0.1');
    } catch (refusal) {
      // A test that wants this refusal has no server to stop.
      await app.close();
      if (!databaseUrl) await dropDatabase(url);
      throw refusal;
    }
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new TestServer(app, env, `http://127.0.0.1:${port}`, databaseUrl ? undefined : url);
  }

  call<T = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<GraphQLAnswer<T>> {
    return callGraphQL<T>(this.url, query, variables, options);
  }

  /** A fresh entity manager, to look at rows or to change them behind the server's back. */
  em(): SqlEntityManager {
    return this.app.get<SqlEntityManager>(EntityManager).fork();
  }

  async stop(): Promise<void> {
    await this.app.close();
    await rm(TEST_OUTBOX, { recursive: true, force: true });
    if (this.ownDatabase) await dropDatabase(this.ownDatabase);
  }
}

/** With PostgreSQL comes Redis, as in a deployment. */
function hasRedis({ redis = true, env }: TestServerOptions): boolean {
  return redis && testEngine === 'postgres' && env?.['REDIS_URL'] === undefined;
}

/** PostgreSQL is migrated by its operator, before the server starts. SQLite migrates itself. */
export async function migrate(env: Pick<Env, 'DATABASE_URL'>): Promise<void> {
  if (env.DATABASE_URL.startsWith('sqlite:')) return;
  const orm = await MikroORM.init(ormOptions(env, entities));
  await orm.migrator.up();
  await orm.close();
}
