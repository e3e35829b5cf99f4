import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { AuditEvent } from './audit-event.entity.js';

const BATCH = 1_000;

/** Deletes the events of the trail that are older than `AUDIT_RETENTION`. */
@Injectable()
export class AuditPurge implements Job, OnModuleInit {
  readonly name = 'purge-audit';
  readonly everySeconds = 3_600;

  constructor(
    private readonly jobs: JobRunner,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'AUDIT_RETENTION'>,
  ) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager): Promise<{ rows: number; hasMore: boolean }> {
    const before = new Date(this.clock.now().getTime() - this.env.AUDIT_RETENTION * 1000);
    const old = await em.find(
      AuditEvent,
      { at: { $lt: before } },
      { fields: ['id'], limit: BATCH, orderBy: { at: 'asc' } },
    );
    const ids = old.map(({ id }) => id);
    const rows = ids.length === 0 ? 0 : await em.nativeDelete(AuditEvent, { id: { $in: ids } });
    return { rows, hasMore: rows >= BATCH };
  }
}
