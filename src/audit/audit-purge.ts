import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { endOf, futureOf, isClearlyAfter, isNext, isOriginWhole, type OpenChain, startOf } from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditLedger } from './audit-ledger.js';

const BATCH = 1_000;
/** Outside of the unit of work, which would write a moment that is none back at its flush. */
const FROM_THE_START = { limit: BATCH, orderBy: { sequence: 'asc' }, disableIdentityMap: true } as const;

/**
 * Deletes the events that are older than `AUDIT_RETENTION`, from the beginning of the chain on, which then begins later. It
 * deletes nothing that it has not found as it was sealed: the new beginning is under its seal.
 */
@Injectable()
export class AuditPurge implements Job, OnModuleInit {
  readonly name = 'purge-audit';
  readonly everySeconds = 3_600;
  private readonly logger = new Logger(AuditPurge.name);

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
    const chain = await this.ledger.hold(em, now);
    const old = chain && (await this.verifiedBefore(em, chain, before, now));
    if (!old) return { rows: 0, hasMore: false };
    const last = old.at(-1);
    const former = await this.formerBefore(em, chain, before);
    if (last) this.ledger.move(chain, { start: endOf(last), purgedUntil: latestOf(old, chain.row.purgedUntil) });
    const ids = [...former, ...old].map(({ id }) => id);
    const rows = ids.length === 0 ? 0 : await em.nativeDelete(AuditEvent, { id: { $in: ids } });
    return { rows, hasMore: Math.max(former.length, old.length) === BATCH };
  }

  /** From the start on, each as it was sealed. Undefined when one of them is not, or is missing. */
  private async verifiedBefore(
    em: EntityManager,
    chain: OpenChain,
    before: Date,
    now: Date,
  ): Promise<AuditEvent[] | undefined> {
    let last = startOf(chain.row);
    const old: AuditEvent[] = [];
    for (const event of await em.find(AuditEvent, { sequence: { $gt: last.sequence } }, FROM_THE_START)) {
      if (!isNext(event, last, chain.key) || !isOriginWhole(event)) {
        this.ledger.refuse(
          'start',
          `Behind event ${last.sequence} the trail is not as it was sealed. Nothing is purged.`,
        );
        return undefined;
      }
      if (event.at >= before) {
        if (isClearlyAfter(event.at, now)) this.logger.warn(futureOf(event));
        break;
      }
      old.push(event);
      last = endOf(event);
    }
    return old;
  }

  /** Of a chain that is lost. Nothing vouches for them, nor for their age. */
  private formerBefore(em: EntityManager, { row }: OpenChain, before: Date): Promise<AuditEvent[]> {
    return em.find(AuditEvent, { sequence: { $lte: row.startSequence }, at: { $lt: before } }, FROM_THE_START);
  }
}

const latestOf = (events: readonly AuditEvent[], known: Date | null | undefined): Date =>
  events.reduce((latest, { at }) => (at > latest ? at : latest), known ?? new Date(0));
