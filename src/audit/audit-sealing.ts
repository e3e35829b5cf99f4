import type { EntityManager } from '@mikro-orm/core';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { type ChainEnd, hashOf, originDigestOf } from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditLedger } from './audit-ledger.js';

const BATCH = 500;

/**
 * Takes new events into the chain. Afterwards, and not as they are written: each would have to wait for the commit of the
 * one before, and with it every login for every other.
 */
@Injectable()
export class AuditSealing implements Job, OnModuleInit {
  readonly name = 'seal-audit';
  readonly everySeconds = 10;

  constructor(
    private readonly jobs: JobRunner,
    private readonly ledger: AuditLedger,
  ) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager): Promise<{ rows: number; hasMore: boolean }> {
    const order = { at: 'asc', id: 'asc' } as const;
    const events = await em.find(AuditEvent, { sequence: null }, { orderBy: order, limit: BATCH });
    if (events.length === 0) return { rows: 0, hasMore: false };
    const chain = await this.ledger.hold(em);
    let head: ChainEnd = { sequence: chain.row.headSequence, hash: chain.row.headHash };
    for (const event of events) {
      event.originSalt = randomBytes(16).toString('base64url');
      event.originDigest = originDigestOf(event, event.originSalt);
      head = { sequence: head.sequence + 1, hash: hashOf(event, head, chain.key) };
      Object.assign(event, head);
    }
    this.ledger.move(chain, { head });
    return { rows: events.length, hasMore: events.length === BATCH };
  }
}
