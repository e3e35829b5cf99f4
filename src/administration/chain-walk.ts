import type { EntityManager } from '@mikro-orm/core';
import { type ChainEnd, endOf, isNext, isOriginWhole, type OpenChain } from '../audit/audit-chain.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import type { AuditLedger } from '../audit/audit-ledger.js';
import { User } from '../users/user.entity.js';

const BATCH = 1_000;

/** More than anybody reads, of a table that was rewritten. */
export const MAX_FAULTS = 100;

/** Clocks of instances differ, and a transaction takes its time. What lies further back was held back, or a clock was set. */
const ORDER_TOLERANCE_MS = 600_000;

/** One pass over the sealed events, in the order of the chain. */
export class ChainWalk {
  readonly faults: string[] = [];
  readonly notices: string[] = [];
  events = 0;
  private last: ChainEnd;
  /** Of the last event that is as it was sealed. */
  private lastAt: Date | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly ledger: AuditLedger,
    private readonly chain: OpenChain,
    private readonly known: ChainEnd | undefined,
  ) {
    this.last = { sequence: chain.row.startSequence, hash: chain.row.startHash };
  }

  async toTheEnd(): Promise<void> {
    const { headSequence, headHash } = this.chain.row;
    if (this.known) this.lookAtPurged(this.known);
    for (;;) {
      const where = { sequence: { $gt: this.last.sequence, $lte: headSequence } };
      const batch = await this.em.fork().find(AuditEvent, where, { orderBy: { sequence: 'asc' }, limit: BATCH });
      for (const event of batch) await this.look(event);
      await this.lookAtOrigins(batch);
      this.events += batch.length;
      if (batch.length < BATCH || this.faults.length >= MAX_FAULTS) break;
    }
    if (this.faults.length >= MAX_FAULTS) return;
    if (this.last.sequence < headSequence) await this.missing(this.last.sequence + 1, headSequence);
    else if (this.last.hash !== headHash) this.faults.push('The last event is not the one that was sealed last.');
    const { known } = this;
    if (known && known.sequence > headSequence) this.faults.push(`Event ${known.sequence} was there, and was cut off.`);
  }

  /** Of the events that were purged only the last one is known. */
  private lookAtPurged({ sequence, hash }: ChainEnd): void {
    const { startSequence, startHash } = this.chain.row;
    if (sequence < startSequence)
      this.notices.push(
        `Event ${sequence} was purged, or is of a former chain: the head that was kept cannot be compared any more.`,
      );
    if (sequence === startSequence && hash !== startHash)
      this.faults.push(`Event ${sequence} was purged, and is not the one that was kept.`);
  }

  private async look(event: AuditEvent): Promise<void> {
    const { sequence, hash } = endOf(event);
    if (sequence !== this.last.sequence + 1) await this.missing(this.last.sequence + 1, sequence - 1);
    else if (!isNext(event, this.last, this.chain.key)) this.fault(event, 'was changed');
    else this.lookAtOrder(event);
    if (this.known?.sequence === sequence && this.known.hash !== hash)
      this.fault(event, 'is not the one that was kept');
    this.last = { sequence, hash };
  }

  private lookAtOrder(event: AuditEvent): void {
    if (this.lastAt && event.at.getTime() < this.lastAt.getTime() - ORDER_TOLERANCE_MS)
      this.fault(event, `is older than the one before it: it was held back, or a clock was set back`);
    this.lastAt = event.at;
  }

  /** Address and user agent may be gone, but only with an account that is gone. */
  private async lookAtOrigins(batch: readonly AuditEvent[]): Promise<void> {
    const ids = batch.flatMap((event) => (event.originSalt ? [] : accountsOf(event)));
    const present = await this.em.fork().find(User, { id: { $in: ids } }, { fields: ['id'] });
    const isPresent = new Set(present.map(({ id }) => id));
    for (const event of batch) {
      const mayBeGone = event.originSalt || accountsOf(event).some((id) => !isPresent.has(id));
      if (!isOriginWhole(event) || !mayBeGone) this.fault(event, 'has another address or user agent');
    }
  }

  /** What was purged while we were reading is not missing. */
  private async missing(from: number, to: number): Promise<void> {
    const now = await this.ledger.look(this.em.fork());
    if (now && now.row.startSequence >= to) return;
    this.faults.push(from === to ? `Event ${from} is missing.` : `Events ${from} to ${to} are missing.`);
  }

  private fault(event: AuditEvent, what: string): void {
    this.faults.push(`Event ${String(event.sequence)} (${event.type}, ${event.id}) ${what}.`);
  }
}

const accountsOf = ({ actorId, subjectId }: AuditEvent): string[] => [actorId, subjectId].flatMap((id) => id ?? []);
