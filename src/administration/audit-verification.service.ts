import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { type ChainEnd, endOf, hashOf, originDigestOf, sealOf } from '../audit/audit-chain.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLedger, type OpenChain } from '../audit/audit-ledger.js';
import { User } from '../users/user.entity.js';

const BATCH = 1_000;

/** More than anybody reads, of a table that was rewritten. */
const MAX_FAULTS = 100;

/** What the chain of the audit trail shows. */
export interface ChainReport {
  /** How many events were looked at. */
  readonly events: number;
  /** Written since the chain was last gone on with: nothing vouches for them yet. */
  readonly unsealed: number;
  /** The last event: kept elsewhere, it shows later that nothing was cut off here. */
  readonly head: ChainEnd;
  /** Empty: nothing was changed, added or taken away. One sentence for each fault, the first `MAX_FAULTS` of them. */
  readonly faults: readonly string[];
}

/** Looks whether the audit trail is the one that was written (ASVS 16.4.2). Reads a batch at a time, beside a running server. */
@Injectable()
export class AuditVerification {
  constructor(
    private readonly em: EntityManager,
    private readonly ledger: AuditLedger,
  ) {}

  /** @param known a head that was kept elsewhere */
  async verify(known?: ChainEnd): Promise<ChainReport> {
    const em = this.em.fork();
    const unsealed = await em.count(AuditEvent, { sequence: null });
    const chain = await this.ledger.look(em);
    if (!chain) return { events: 0, unsealed, head: { sequence: 0, hash: '' }, faults: await this.withoutChain(em) };
    const { row } = chain;
    const faults = row.seal === sealOf(row, chain.key) ? [] : ['The ends of the chain were moved by hand.'];
    const earlier = await em.count(AuditEvent, { sequence: { $lte: row.startSequence } });
    if (earlier > 0) {
      faults.push(
        `${earlier} event(s) up to ${row.startSequence} are of a former chain, whose secret is not configured.`,
      );
    }
    const head = { sequence: row.headSequence, hash: row.headHash };
    const walk = new ChainWalk(em, this.ledger, chain, known);
    await walk.toTheEnd();
    faults.push(...walk.faults);
    if (await em.count(AuditEvent, { sequence: { $gt: head.sequence } })) {
      // Sealed meanwhile, or added by hand: the next run looks at them.
      const now = await this.ledger.look(em.fork());
      if (now?.row.headSequence === head.sequence) faults.push('There are events behind the end of the chain.');
    }
    return { events: walk.events, unsealed, head, faults: faults.slice(0, MAX_FAULTS) };
  }

  private async withoutChain(em: EntityManager): Promise<string[]> {
    const sealed = await em.count(AuditEvent, { sequence: { $ne: null } });
    return sealed === 0 ? [] : [`No configured secret opens the chain of ${sealed} sealed event(s).`];
  }
}

/** One pass over the events, in the order of the chain. */
class ChainWalk {
  readonly faults: string[] = [];
  events = 0;
  private last: ChainEnd;

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

  private async look(event: AuditEvent): Promise<void> {
    const { sequence, hash } = endOf(event);
    if (sequence !== this.last.sequence + 1) await this.missing(this.last.sequence + 1, sequence - 1);
    else if (hash !== hashOf(event, this.last, this.chain.key)) this.fault(event, 'was changed');
    if (this.known?.sequence === sequence && this.known.hash !== hash)
      this.fault(event, 'is not the one that was kept');
    this.last = { sequence, hash };
  }

  /** Address and user agent may be gone, but only with an account that is gone. */
  private async lookAtOrigins(batch: readonly AuditEvent[]): Promise<void> {
    const ids = batch.flatMap((event) => (event.originSalt ? [] : accountsOf(event)));
    const present = await this.em.fork().find(User, { id: { $in: ids } }, { fields: ['id'] });
    const isPresent = new Set(present.map(({ id }) => id));
    for (const event of batch) {
      const isWhole = event.originSalt
        ? event.originDigest === originDigestOf(event, event.originSalt)
        : !event.ipAddress && !event.userAgent && accountsOf(event).some((id) => !isPresent.has(id));
      if (!isWhole) this.fault(event, 'has another address or user agent');
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
