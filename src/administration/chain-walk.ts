import type { EntityManager } from '@mikro-orm/core';
import type { AuditChain } from '../audit/audit-chain.entity.js';
import {
  type ChainEnd,
  endOf,
  futureOf,
  headOf,
  isClearlyAfter,
  isNext,
  isOriginWhole,
  type OpenChain,
  sealStateOf,
  startOf,
} from '../audit/audit-chain.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import type { AuditLedger } from '../audit/audit-ledger.js';

const BATCH = 1_000;

/** More than anybody reads, of a table that was rewritten. */
export const MAX_FAULTS = 100;

export const ENDS_MOVED = 'The ends of the chain were moved by hand.';

/** One pass over the sealed events, in the order of the chain. */
export class ChainWalk {
  readonly faults: string[] = [];
  readonly notices: string[] = [];
  events = 0;
  /** The last event that is looked at. It moves on when events are sealed meanwhile. */
  head: ChainEnd;
  private last: ChainEnd;
  /** The latest moment of an event that is as it was sealed. */
  private latest: Date | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly ledger: AuditLedger,
    private readonly chain: OpenChain,
    private readonly known: ChainEnd | undefined,
    private readonly now: Date,
  ) {
    this.last = startOf(chain.row);
    this.head = headOf(chain.row);
  }

  async toTheEnd(): Promise<void> {
    const { known } = this;
    if (known) this.lookAtPurged(known);
    do await this.toTheHead();
    while (!this.isOver() && (await this.hasGoneOn()));
    if (known && !this.isOver() && known.sequence > this.head.sequence)
      this.faults.push(`Event ${known.sequence} was there, and was cut off.`);
  }

  private async toTheHead(): Promise<void> {
    for (;;) {
      const where = { sequence: { $gt: this.last.sequence, $lte: this.head.sequence } };
      const batch = await this.em.fork().find(AuditEvent, where, { orderBy: { sequence: 'asc' }, limit: BATCH });
      for (const event of batch) await this.look(event);
      await this.lookAtOrigins(batch);
      this.events += batch.length;
      if (this.isOver()) return;
      if (batch.length < BATCH) break;
    }
    if (this.last.sequence < this.head.sequence) await this.lookAtGap(this.head.sequence);
    else if (this.last.hash !== this.head.hash) this.faults.push('The last event is not the one that was sealed last.');
    this.last = this.head;
  }

  private isOver(): boolean {
    return this.faults.length >= MAX_FAULTS;
  }

  /** True when events were sealed meanwhile. Without that, nothing stands behind the end. */
  private async hasGoneOn(): Promise<boolean> {
    const behind = await this.em.fork().count(AuditEvent, { sequence: { $gt: this.head.sequence } });
    const row = await this.rowNow();
    if (row && row.headSequence > this.head.sequence) {
      this.head = headOf(row);
      return true;
    }
    if (behind > 0) this.faults.push('There are events behind the end of the chain.');
    return false;
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
    if (sequence !== this.last.sequence + 1) await this.lookAtGap(sequence - 1);
    if (sequence === this.last.sequence + 1) this.lookAtNext(event);
    if (this.known?.sequence === sequence && this.known.hash !== hash)
      this.fault(event, 'is not the one that was kept');
    this.last = { sequence, hash };
  }

  private lookAtNext(event: AuditEvent): void {
    if (isNext(event, this.last, this.chain.key)) this.lookAtOrder(event);
    else this.fault(event, 'was changed');
  }

  private lookAtOrder(event: AuditEvent): void {
    const { latest } = this;
    // What lies further back was held back, or a clock was set.
    const isOlder = latest !== undefined && isClearlyAfter(latest, event.at);
    if (isOlder) this.fault(event, 'is older than one before it: it was held back, or a clock was set back');
    // After a clock was set back, it goes on from there: what follows is not shown again.
    if (isOlder || !latest || event.at > latest) this.latest = event.at;
    if (this.notices.length < MAX_FAULTS && isClearlyAfter(event.at, this.now)) this.notices.push(futureOf(event));
  }

  /** Address and user agent may be gone, but only with an account whose deletion is on record. */
  private async lookAtOrigins(batch: readonly AuditEvent[]): Promise<void> {
    const ids = batch.flatMap((event) => (event.originSalt ? [] : accountsOf(event)));
    const ofDeletion = { type: 'user.deleted', subjectId: { $in: ids } } as const;
    const deletions = await this.em.fork().find(AuditEvent, ofDeletion, { fields: ['subjectId'] });
    const deleted = new Set(deletions.map(({ subjectId }) => subjectId));
    for (const event of batch) {
      const mayBeGone = event.originSalt || accountsOf(event).some((id) => deleted.has(id));
      if (!isOriginWhole(event) || !mayBeGone) this.fault(event, 'has another address or user agent');
    }
  }

  /** Events are missing up to `to`, unless they were purged while we were reading: then the chain begins behind them. */
  private async lookAtGap(to: number): Promise<void> {
    const from = this.last.sequence + 1;
    const row = await this.rowNow();
    if (row && row.startSequence >= to) this.last = startOf(row);
    else this.faults.push(from === to ? `Event ${from} is missing.` : `Events ${from} to ${to} are missing.`);
  }

  /** The chain's row as it is now. It excuses something only under a genuine seal of the same key, and never goes back. */
  private async rowNow(): Promise<AuditChain | undefined> {
    const now = await this.ledger.look(this.em.fork());
    const { key } = this.chain;
    if (now?.key.equals(key) && sealStateOf(now.row, key) !== 'broken' && now.row.headSequence >= this.head.sequence)
      return now.row;
    if (!this.faults.includes(ENDS_MOVED)) this.faults.push(ENDS_MOVED);
    return undefined;
  }

  private fault(event: AuditEvent, what: string): void {
    this.faults.push(`Event ${String(event.sequence)} (${event.type}, ${event.id}) ${what}.`);
  }
}

const accountsOf = ({ actorId, subjectId }: AuditEvent): string[] => [actorId, subjectId].flatMap((id) => id ?? []);
