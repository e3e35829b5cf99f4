import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import pRetry from 'p-retry';
import { ENV, type Env } from '../config/env.js';
import { isLostRace } from './outage.js';

/** Two that collided wait for different times before they try again. Milliseconds. */
const BACKOFF = { minTimeout: 10, maxTimeout: 200, factor: 2, randomize: true };

/**
 * Runs transactions. One that the database rolled back because it lost to another (deadlock, serialisation) is run
 * again, whole: so `work` does nothing but read and write through the `em` that it is given.
 */
@Injectable()
export class Transactions {
  constructor(
    private readonly em: EntityManager,
    @Inject(ENV) private readonly env: Pick<Env, 'DATABASE_RETRIES'>,
  ) {}

  /** In the unit of work of the request: what `work` returns can be read further by its resolvers. */
  run<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.retried(() => this.em.transactional(work));
  }

  /** In a unit of work of its own: always fresh, and nothing of the request is flushed with it. */
  runApart<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.retried(() => this.em.fork().transactional(work));
  }

  private retried<T>(transaction: () => Promise<T>): Promise<T> {
    const options = { ...BACKOFF, retries: this.env.DATABASE_RETRIES };
    return pRetry(transaction, { ...options, shouldRetry: ({ error }) => isLostRace(error) });
  }
}
