import type { EntityManager } from '@mikro-orm/core';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { sql } from 'kysely';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { Admission } from './admission.js';
import { hashOf, headOf, type OpenChain } from './audit-chain.js';
import { AuditEvent, type AuditRecord } from './audit-event.entity.js';
import { AuditLedger } from './audit-ledger.js';
import { withOrigin } from './event-macs.js';

const BATCH = 500;

/** The name of its job. */
export const SEALING = 'seal-audit';

/**
 * Takes new events into the chain. Afterwards, and not as they are written: each would have to wait for the commit of the
 * one before, and with it every login for every other. Until then each event carries a MAC: none is taken in that somebody
 * else has written or changed.
 */
@Injectable()
export class AuditSealing implements Job, OnModuleInit {
  readonly name = SEALING;
  readonly everySeconds = 10;
  private readonly columns: EntityColumns<AuditRecord>;
  /** The last event of the batch before. What is kept out of the chain stays unsealed, and would be in every batch. */
  private behind: string | undefined;

  constructor(
    private readonly jobs: JobRunner,
    private readonly ledger: AuditLedger,
    private readonly admission: Admission,
    private readonly sql: DirectSql,
  ) {
    this.columns = sql.columnsOf<AuditRecord>(AuditEvent, 'e');
  }

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager, now: Date): Promise<{ rows: number; hasMore: boolean }> {
    const events = await this.unsealed(em);
    // Also where nothing is to be sealed: the ledger looks at the chain each time, and knows how far it has gone.
    const chain = await this.ledger.hold(em, now);
    if (!chain || events.length === 0) return this.passIsOver();
    const admitted = events.filter((event) => !this.admission.problemOf(event, chain.row, now));
    if (admitted.length < events.length) this.refuse(events.filter((event) => !admitted.includes(event)));
    if (admitted.length > 0) await this.seal(em, chain, admitted);
    const last = events.at(-1);
    if (events.length < BATCH || !last) return { ...this.passIsOver(), rows: admitted.length };
    this.behind = last.id;
    return { rows: admitted.length, hasMore: true };
  }

  private passIsOver(): { rows: number; hasMore: boolean } {
    this.behind = undefined;
    return { rows: 0, hasMore: false };
  }

  private refuse(events: readonly AuditRecord[]): void {
    const [first] = events.map(({ id }) => id);
    const message = `${events.length} event(s) were not written by this server, ${String(first)} the first. They are not sealed.`;
    this.ledger.refuse('event', message, events.length);
  }

  private async seal(em: EntityManager, chain: OpenChain, events: readonly AuditRecord[]): Promise<void> {
    let head = headOf(chain.row);
    const sealed = events.map((event) => {
      // The version before leaves the digest to be made here.
      const whole = event.mac ? event : withOrigin(event);
      head = { sequence: head.sequence + 1, hash: hashOf(whole, head, chain.key) };
      return { ...whole, ...head };
    });
    await this.update(em, sealed);
    this.ledger.move(chain, { head });
  }

  private async unsealed(em: EntityManager): Promise<AuditRecord[]> {
    // By its row: its moment can be one that no server writes, and JavaScript cannot give it back.
    const behind = this.behind
      ? sql`and (at, id) > (select at, id from audit_events where id = ${this.behind})`
      : sql``;
    const rows = await this.sql.rows(
      sql<object>`select ${this.columns.list} from audit_events e where sequence is null ${behind} order by at, id limit ${BATCH}`,
      em,
    );
    return rows.map((row) => this.columns.valuesOf(row));
  }

  /**
   * One statement: PostgreSQL may be far away. It takes the types of all values from those of the first. Nothing of an event is
   * written back as it was read: its account may have been deleted since, and its origin with it. The MAC goes: an event that
   * is made to look unsealed again has none, and is not taken in a second time.
   */
  private async update(em: EntityManager, events: readonly AuditRecord[]): Promise<void> {
    const values = events.map(
      ({ id, sequence, hash, originSalt, originDigest, ipAddress, userAgent }) =>
        sql`(cast(${id} as ${this.sql.idType}), cast(${sequence} as bigint), ${hash}, ${originSalt}, ${originDigest},
          cast(${(ipAddress ?? userAgent) ? 0 : 1} as integer))`,
    );
    await this.sql.change(
      em,
      sql`with sealed (id, sequence, hash, salt, digest, is_bare) as (values ${sql.join(values)})
        update audit_events set sequence = sealed.sequence, hash = sealed.hash, mac = null,
          origin_salt = case when origin_digest is null and (sealed.is_bare = 1 or coalesce(ip_address, user_agent) is not null)
            then sealed.salt else origin_salt end,
          origin_digest = coalesce(origin_digest, sealed.digest)
        from sealed where audit_events.id = sealed.id`,
    );
  }
}
