import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { Admission } from '../audit/admission.js';
import { AuditChain } from '../audit/audit-chain.entity.js';
import {
  BEGINNING,
  type ChainEnd,
  earliestOf,
  momentsOf,
  type OpenChain,
  sealStateOf,
  startOf,
} from '../audit/audit-chain.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLedger } from '../audit/audit-ledger.js';
import { SEALING } from '../audit/audit-sealing.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { JobState } from '../jobs/job.entity.js';
import { ChainWalk, ENDS_MOVED, MAX_FAULTS } from './chain-walk.js';

const BATCH = 1_000;

/** Sealing runs every ten seconds. */
const WAITING_MS = 600_000;

/** What the chain of the audit trail shows. */
export interface ChainReport {
  /** How many events were looked at. */
  readonly events: number;
  /** Not in the chain: written since it was last gone on with, or kept out of it, which is a fault. */
  readonly unsealed: number;
  /** The last event: kept elsewhere, it shows later that nothing was cut off here. */
  readonly head: ChainEnd;
  /** Empty: nothing was changed, added or taken away. One sentence for each fault, the first `MAX_FAULTS` of them. */
  readonly faults: readonly string[];
  /** What nobody has to have done, and an operator should know. */
  readonly notices: readonly string[];
}

/** What is not in the chain. */
interface Unsealed {
  readonly faults: readonly string[];
  /** Of the oldest event that the chain will take in. */
  readonly waitingSince: Date | null;
}

const LEAVES_NOTHING = 'An event that was deleted before it was sealed has left nothing here; the log has it.';

const NO_CHAIN = { events: 0, head: BEGINNING, notices: [] } as const;

/** Looks whether the audit trail is the one that was written (ASVS 16.4.2). Reads a batch at a time, beside a running server. */
@Injectable()
export class AuditVerification {
  constructor(
    private readonly em: EntityManager,
    private readonly ledger: AuditLedger,
    private readonly admission: Admission,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'AUDIT_RETENTION'>,
  ) {}

  /** @param known a head that was kept elsewhere */
  async verify(known?: ChainEnd): Promise<ChainReport> {
    const em = this.em.fork();
    const unsealed = await em.count(AuditEvent, { sequence: null });
    const chain = await this.ledger.look(em);
    if (!chain) return { ...NO_CHAIN, unsealed, faults: await this.withoutChain(em) };
    const faults = await this.faultsOfRow(em, chain);
    const walk = new ChainWalk(em, this.ledger, chain, known, this.clock.now());
    await walk.toTheEnd();
    const left = await this.lookAtUnsealed(chain);
    // A row that was moved is found by the walk a second time.
    const all = new Set([...faults, ...walk.faults, ...left.faults]);
    const notices = [
      ...walk.notices,
      ...this.noticesOf(left),
      ...(await this.noticesOfJob(em, unsealed + walk.events)),
    ];
    return { events: walk.events, unsealed, head: walk.head, faults: [...all].slice(0, MAX_FAULTS), notices };
  }

  private async withoutChain(em: EntityManager): Promise<string[]> {
    // No server and no command that changes something has used it yet.
    if ((await em.count(AuditChain)) === 0 && (await this.ledger.isNewDatabase())) return [];
    const sealed = await em.count(AuditEvent, { sequence: { $ne: null } });
    return [`No configured secret opens the chain of ${sealed} sealed event(s).`];
  }

  private async faultsOfRow(em: EntityManager, chain: OpenChain): Promise<string[]> {
    const { row, key } = chain;
    const faults = sealStateOf(row, key) === 'broken' ? [ENDS_MOVED] : this.faultsOfBeginning(chain);
    const start = startOf(row);
    const earlier = await em.count(AuditEvent, { sequence: { $lte: start.sequence } });
    if (earlier > 0) {
      faults.push(
        `${earlier} event(s) up to ${start.sequence} are of a former chain, whose key is gone or under another secret.`,
      );
    }
    return faults;
  }

  private faultsOfBeginning(chain: OpenChain): string[] {
    const { begunAnewAt } = momentsOf(chain);
    const until = (begunAnewAt?.getTime() ?? 0) + this.env.AUDIT_RETENTION * 1000;
    if (!begunAnewAt || until <= this.clock.now().getTime()) return [];
    return [
      `This chain took the place of another at ${begunAnewAt.toISOString()}: of what was before, nothing can be said.`,
    ];
  }

  private noticesOf({ waitingSince }: Unsealed): string[] {
    if (!waitingSince || this.clock.now().getTime() - waitingSince.getTime() <= WAITING_MS) return [];
    const when = waitingSince.toISOString();
    return [`Sealing stands still: an event of ${when} waits for it. A server with JOBS_ENABLED seals it.`];
  }

  /** What was deleted before it was sealed is missing nowhere: that sealing stood still is all there is to see. */
  private async noticesOfJob(em: EntityManager, events: number): Promise<string[]> {
    const job = await em.findOne(JobState, SEALING);
    // A database that no server has used yet.
    if (!job && events === 0) return [];
    const last = earliestOf(job?.lastRunAt);
    const isOfLate = last && Math.abs(this.clock.now().getTime() - last.getTime()) <= WAITING_MS;
    if (isOfLate) return [];
    const when = last ? `was last done at ${last.toISOString()}` : 'was never done';
    return [`Sealing ${when}, says the row of its job. ${LEAVES_NOTHING}`];
  }

  /** What the job that seals keeps out of the chain, and what waits for it. */
  private async lookAtUnsealed(chain: OpenChain): Promise<Unsealed> {
    const faults: string[] = [];
    let waitingSince: Date | null = null;
    const moments = momentsOf(chain);
    const now = this.clock.now();
    let after: string | undefined;
    do {
      const where = { sequence: null, ...(after && { id: { $gt: after } }) };
      const batch = await this.em.fork().find(AuditEvent, where, { orderBy: { id: 'asc' }, limit: BATCH });
      for (const event of batch) {
        const problem = this.admission.problemOf(event, moments, now);
        if (problem) faults.push(`Event ${event.id} (${event.type}) is kept out of the chain: it ${problem}.`);
        else waitingSince = earliestOf(waitingSince, event.at);
      }
      after = batch.length === BATCH ? batch.at(-1)?.id : undefined;
    } while (after !== undefined && faults.length < MAX_FAULTS);
    return { faults, waitingSince };
  }
}
