import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { endOf } from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditLedger } from './audit-ledger.js';

const BATCH = 1_000;

/** Deletes the events that are older than `AUDIT_RETENTION`, from the beginning of the chain on, which then begins later. */
@Injectable()
export class AuditPurge implements Job, OnModuleInit {
  readonly name = 'purge-audit';
  readonly everySeconds = 3_600;

  constructor(
    private readonly jobs: JobRunner,
    private readonly ledger: AuditLedger,
    @Inject(ENV) private readonly env: Pick<Env, 'AUDIT_RETENTION'>,
  ) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager, now: Date): Promise<{ rows: number; hasMore: boolean }> {
    const before = new Date(now.getTime() - this.env.AUDIT_RETENTION * 1000);
    const oldest = { limit: BATCH, orderBy: { sequence: 'asc' } } as const;
    const sealed = await em.find(AuditEvent, { sequence: { $ne: null } }, oldest);
    const firstYoung = sealed.findIndex(({ at }) => at >= before);
    const old = firstYoung === -1 ? sealed : sealed.slice(0, firstYoung);
    const last = old.at(-1);
    if (!last) return { rows: 0, hasMore: false };
    const chain = await this.ledger.hold(em);
    const start = endOf(last);
    if (start.sequence > chain.row.startSequence) this.ledger.move(chain, { start });
    const rows = await em.nativeDelete(AuditEvent, { id: { $in: old.map(({ id }) => id) } });
    return { rows, hasMore: rows >= BATCH };
  }
}
