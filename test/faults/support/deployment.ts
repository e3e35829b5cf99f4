import { MikroORM } from '@mikro-orm/core';
import { randomBytes } from 'node:crypto';
import { AuditEvent } from '../../../src/audit/audit-event.entity.js';
import { ormOptions } from '../../../src/database/orm.options.js';
import { entities } from '../../../src/entities.js';
import { Session } from '../../../src/sessions/session.entity.js';
import { User } from '../../../src/users/user.entity.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import type { CallOptions, GraphQLAnswer } from '../../support/graphql-client.js';
import { beginRevocationList } from '../../support/redis.js';
import { RedisServer } from '../../support/redis-server.js';
import { ServerProcess } from '../../support/server-process.js';
import { migrate } from '../../support/test-server.js';
import { Device } from './device.js';
import { History } from './history.js';

export interface DeploymentOptions {
  env?: Record<string, string>;
  /** A database that the scenario made itself, and removes itself. */
  databaseUrl?: string;
  instances?: number;
}

/** What an operator runs: one process on SQLite, or several on PostgreSQL and Redis. */
export class Deployment {
  readonly history = new History();
  private readonly devices: Device[] = [];

  private constructor(
    readonly databaseUrl: string,
    readonly redis: RedisServer | undefined,
    readonly servers: readonly ServerProcess[],
    /** Of every instance, and of an operator's commands. */
    readonly env: Record<string, string>,
    private readonly ownsDatabase: boolean,
  ) {}

  static async start({ env = {}, databaseUrl, instances = 2 }: DeploymentOptions = {}): Promise<Deployment> {
    const url = databaseUrl ?? (await temporaryDatabaseUrl());
    const isShared = testEngine === 'postgres';
    const redis = isShared ? await RedisServer.create() : undefined;
    await migrate({ DATABASE_URL: url });
    if (redis) await beginRevocationList(url, redis.url, 900);
    const all = {
      DATABASE_URL: url,
      JWT_SECRET: randomBytes(48).toString('base64url'),
      PUBLIC_URL: 'https://auth.example.com',
      // An outage may last longer than a tab would wait.
      REFRESH_GRACE_SECONDS: '300',
      ...(redis && { REDIS_URL: redis.url }),
      ...env,
    };
    const starts = Array.from({ length: isShared ? instances : 1 }, () => ServerProcess.start({ env: all }));
    return new Deployment(
      url,
      redis,
      await Promise.all(starts),
      { ...all, BCRYPT_COST: '4', NODE_ENV: 'test' },
      databaseUrl === undefined,
    );
  }

  /** Any instance, as a load balancer without memory would choose it. */
  any(): ServerProcess {
    const server = this.servers[Math.floor(Math.random() * this.servers.length)];
    if (!server) throw new Error('A deployment has an instance');
    return server;
  }

  readonly call = <T>(
    query: string,
    variables: Record<string, unknown>,
    options: CallOptions,
  ): Promise<GraphQLAnswer<T>> => this.any().call<T>(query, variables, options);

  /** So many devices, all of them signed in once, use the deployment while `work` is done. Afterwards each looks at all of its tokens. */
  async underLoad(devices: number, work: () => Promise<void>, call = this.call): Promise<void> {
    for (let index = 0; index < devices; index++) this.devices.push(new Device(this.history, call));
    const end = new AbortController();
    const lives = Promise.all(this.devices.map((device) => device.liveUntil(end.signal)));
    try {
      await eventually('every device has signed in', async () => this.devices.every(({ hasEntered }) => hasEntered));
      await work();
    } finally {
      end.abort();
      await lives;
    }
    await Promise.all(this.devices.map((device) => device.takeStock()));
  }

  /** Milliseconds until this instance answers a question that it needs all dependencies for. */
  async timeUntilServing(server: ServerProcess): Promise<number> {
    const started = performance.now();
    for (;;) {
      const answer = await server
        .call('mutation { refresh(input: { refreshToken: "lkr_" }) { __typename } } ')
        .catch(() => undefined);
      const ready = await fetch(`${server.url}/health/ready`).catch(() => undefined);
      if (answer?.errors[0]?.extensions.code === 'UNAUTHENTICATED' && ready?.status === 200)
        return performance.now() - started;
      if (performance.now() - started > 30_000) throw new Error('The server does not serve again');
    }
  }

  /** What a transaction that was half written would look like. One line for each. */
  async partialWrites(): Promise<string[]> {
    const orm = await MikroORM.init(ormOptions({ DATABASE_URL: this.databaseUrl }, entities));
    const em = orm.em.fork();
    const events = async (type: AuditEvent['type']) => em.count(AuditEvent, { type });
    const sessions = await em.count(Session, {});
    const users = await em.count(User, {});
    const rotations = (await em.find(Session, {}, { fields: ['refreshCounter'] })).reduce(
      (sum, it) => sum + it.refreshCounter,
      0,
    );
    const rows: [string, number, 'is' | 'is at most', number][] = [
      ['users and their sign-ups', users, 'is', await events('user.signed_up')],
      [
        'sessions and what opened them',
        sessions,
        'is',
        (await events('user.signed_up')) + (await events('user.logged_in')),
      ],
      [
        'ended sessions and their logouts',
        await em.count(Session, { revokedReason: 'logout' }),
        'is',
        await events('user.logged_out'),
      ],
      ['rotations and their events', rotations, 'is at most', await events('session.refreshed')],
      ['reused tokens', 0, 'is', await events('session.refresh_reused')],
    ];
    await orm.close();
    return rows
      .filter(([, found, relation, expected]) => (relation === 'is' ? found !== expected : found > expected))
      .map(([what, found, relation, expected]) => `${what}: ${found} ${relation} not ${expected}`);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.remove();
    await this.redis?.remove();
    if (this.ownsDatabase) await dropDatabase(this.databaseUrl);
  }
}
