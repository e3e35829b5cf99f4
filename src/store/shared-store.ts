import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import { inSpan } from '../telemetry/span.js';
import type { RedisClient } from './redis-client.js';

/** The token of the client that `SharedStore` keeps. */
export const REDIS_CLIENT = Symbol('Redis client');

const OF_REDIS = { 'db.system.name': 'redis' };

/** How long a start waits for Redis. A server without it works too. */
const START_PATIENCE_MS = 500;

/** How often a Redis that was late is asked whether it is back, and when its connection is given up. */
const PROBE_MS = 50;
const GIVE_UP_MS = 1_000;

/**
 * What a Redis answers that reads and does not write: a replica, a full disk or memory, too few replicas, no permission. Counters that
 * are read there and cannot be written there would stand still.
 */
const TAKES_NO_WRITES = /\b(READONLY|MISCONF|NOREPLICAS|OOM|NOPERM|EXECABORT)\b/;
const IS_REPLICA = /\bREADONLY\b/;

/** Written by every probe. */
const PROBE_KEY = 'latchkey:probe';

/**
 * What all instances share beside the database: Redis, when `REDIS_URL` is set. It holds nothing that can not be lost, and
 * whoever uses it has another way (docs/operations/redis.md lists the keys).
 */
@Injectable()
export class SharedStore implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private isLate = false;
  private isReported = false;

  /** @param client undefined without `REDIS_URL` */
  constructor(
    metrics: Metrics,
    @Inject(ENV) private readonly env: Pick<Env, 'REDIS_TIMEOUT_MS'>,
    @Inject(REDIS_CLIENT) readonly client: RedisClient | undefined,
  ) {
    this.client?.on('error', (error: Error) => this.report(error));
    this.client?.on('ready', () => this.reportReturn());
    if (this.client) metrics.redisUp(() => Number(this.isReady));
  }

  /** False while Redis is away: nobody should even ask. */
  get isReady(): boolean {
    return this.client?.status === 'ready' && !this.isLate;
  }

  async onModuleInit(): Promise<void> {
    if (!this.client) return;
    const connected = this.client.connect().catch((error: unknown) => this.report(error));
    await Promise.race([connected, delay(START_PATIENCE_MS, undefined, { ref: false })]);
  }

  onApplicationShutdown(): void {
    this.client?.disconnect();
  }

  /**
   * The answer of Redis. When it is late or takes no writes, this fails, and nobody asks again until a probe was written: an outage
   * costs the requests that were under way one time-out and the others nothing.
   */
  async within<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    let check: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      // An answer may have come while this process was busy: it is read before the check.
      check = setImmediate(() => late.reject(new Error(`no answer within ${this.env.REDIS_TIMEOUT_MS} ms`)));
    }, this.env.REDIS_TIMEOUT_MS);
    try {
      const either = () =>
        Promise.race([this.heard(answer), late.promise.catch((error: unknown) => this.suspend(error))]);
      return await inSpan('Redis', OF_REDIS, either);
    } finally {
      clearTimeout(timer);
      clearImmediate(check);
    }
  }

  private async heard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (takesNoWrites(error)) this.suspend(error);
      throw error;
    }
  }

  private suspend(error: unknown): never {
    this.report(error);
    if (!this.isLate) void this.probe();
    throw error;
  }

  private async probe(): Promise<void> {
    this.isLate = true;
    while (this.isLate && this.client && this.client.status !== 'end') {
      await delay(PROBE_MS, undefined, { ref: false });
      this.isLate = !(await this.isPrompt(this.client));
    }
    this.reportReturn();
  }

  private async isPrompt(client: RedisClient): Promise<boolean> {
    const asked = performance.now();
    const answer = client.set(PROBE_KEY, '', 'PX', GIVE_UP_MS).then(
      () => 'written',
      (error: unknown) => (IS_REPLICA.test(String(error)) ? 'replica' : 'failed'),
    );
    const outcome = await Promise.race([answer, delay(GIVE_UP_MS, 'silent', { ref: false })]);
    const isPrompt = performance.now() - asked <= this.env.REDIS_TIMEOUT_MS;
    if (outcome === 'replica') await delay(GIVE_UP_MS, undefined, { ref: false });
    // The other side may be gone without a word, or the name lead to another one since: a new connection finds out.
    if (outcome === 'silent' || outcome === 'replica') client.disconnect(true);
    return outcome === 'written' && isPrompt;
  }

  /** Once for each outage. */
  private report(error: unknown): void {
    if (this.isReported) return;
    this.isReported = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(
      `Redis is away: ${reason}. Revocation is checked in the database and limits are counted by each instance until it ` +
        'is back. Check REDIS_URL and the server behind it.',
    );
  }

  private reportReturn(): void {
    if (this.isReported && this.isReady) {
      this.isReported = false;
      this.logger.log('Redis is back.');
    }
  }
}

const takesNoWrites = (error: unknown): boolean => TAKES_NO_WRITES.test(String(error));
