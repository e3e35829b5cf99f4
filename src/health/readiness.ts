import { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { SharedStore } from '../store/shared-store.js';

/** A probe gets its answer within this, whatever hangs. */
const PATIENCE_MS = 1_000;
/** So many probes as there may be cost one look at the database in this time. */
const CACHE_MS = 500;

type Status = 'up' | 'down';

/** What a load balancer may know. Redis is no reason to take an instance out: it works without. */
export interface ReadinessReport {
  readonly status: 'ready' | 'unavailable' | 'draining';
  readonly database: Status;
  /** Absent without `REDIS_URL`. */
  readonly redis?: Status;
}

/** Whether this instance should get requests. */
@Injectable()
export class Readiness {
  private isDraining = false;
  private database: { readonly since: number; readonly status: Promise<Status> } | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly store: SharedStore,
  ) {}

  /** From now on the load balancer is told to send requests elsewhere. */
  drain(): void {
    this.isDraining = true;
  }

  async report(): Promise<ReadinessReport> {
    const database = await this.databaseStatus();
    const redis = this.store.client && { redis: this.store.isReady ? ('up' as const) : ('down' as const) };
    const status = this.isDraining ? 'draining' : database === 'up' ? 'ready' : 'unavailable';
    return { status, database, ...redis };
  }

  private databaseStatus(): Promise<Status> {
    const now = performance.now();
    if (!this.database || now - this.database.since > CACHE_MS) {
      this.database = { since: now, status: this.askDatabase() };
    }
    return this.database.status;
  }

  private async askDatabase(): Promise<Status> {
    // The ORM's own type does not know of SQL; both engines have this one.
    const em = this.em.fork() as SqlEntityManager;
    const answer = em.execute('select 1').then(
      () => 'up' as const,
      () => 'down' as const,
    );
    return Promise.race([answer, delay(PATIENCE_MS, 'down' as const, { ref: false })]);
  }
}
