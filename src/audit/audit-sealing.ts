import type { EntityManager } from '@mikro-orm/core';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { type ChainEnd, hashOf, originDigestOf } from './audit-chain.js';
import { AuditEvent, type AuditRecord } from './audit-event.entity.js';
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
  private readonly columns: EntityColumns<AuditRecord>;

  constructor(
    private readonly jobs: JobRunner,
    private readonly ledger: AuditLedger,
    private readonly sql: DirectSql,
  ) {
    this.columns = sql.columnsOf<AuditRecord>(AuditEvent, 'e');
  }

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager): Promise<{ rows: number; hasMore: boolean }> {
    const events = await this.unsealed(em);
    if (events.length === 0) return { rows: 0, hasMore: false };
    const chain = await this.ledger.hold(em);
    let head: ChainEnd = { sequence: chain.row.headSequence, hash: chain.row.headHash };
    const sealed = events.map((event) => {
      const originSalt = randomBytes(16).toString('base64url');
      const originDigest = originDigestOf(event, originSalt);
      head = { sequence: head.sequence + 1, hash: hashOf({ ...event, originDigest }, head, chain.key) };
      return { ...event, ...head, originSalt, originDigest };
    });
    await this.update(em, sealed);
    this.ledger.move(chain, { head });
    return { rows: events.length, hasMore: events.length === BATCH };
  }

  private async unsealed(em: EntityManager): Promise<AuditRecord[]> {
    const rows = await this.sql.rows(
      sql<object>`select ${this.columns.list} from audit_events e where sequence is null order by at, id limit ${BATCH}`,
      em,
    );
    return rows.map((row) => this.columns.valuesOf(row));
  }

  /** One statement: PostgreSQL may be far away. It takes the types of all values from those of the first. */
  private async update(em: EntityManager, events: readonly AuditRecord[]): Promise<void> {
    const values = events.map(
      ({ id, sequence, hash, originSalt, originDigest }) =>
        sql`(cast(${id} as ${this.sql.idType}), cast(${sequence} as bigint), ${hash}, ${originSalt}, ${originDigest})`,
    );
    await this.sql.change(
      em,
      sql`with sealed (id, sequence, hash, origin_salt, origin_digest) as (values ${sql.join(values)})
        update audit_events set sequence = sealed.sequence, hash = sealed.hash,
          origin_salt = sealed.origin_salt, origin_digest = sealed.origin_digest
        from sealed where audit_events.id = sealed.id`,
    );
  }
}
