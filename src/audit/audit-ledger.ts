import { EntityManager, LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { sql } from 'kysely';
import { createSecretKey, generateKeySync, type KeyObject } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { unwrap, wrap } from '../common/wrapping.js';
import { ENV, type Env } from '../config/env.js';
import { IS_SERVER } from '../config/is-server.js';
import { DirectSql } from '../database/direct-sql.js';
import { Metrics } from '../telemetry/metrics.js';
import { AuditChain } from './audit-chain.entity.js';
import {
  BEGINNING,
  type ChainEnd,
  earliestOf,
  endOf,
  type Moments,
  type OpenChain,
  sealOf,
  type SealState,
  sealStateOf,
} from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';
import { unopenedChain } from './audit.errors.js';
import { ChainMemory } from './chain-memory.js';

const WRAPPED = { purpose: 'latchkey/audit-chain', name: 'audit-chain' } as const;
const ONLY_ONE = 1;

/** Without a place behind which there is no other, or one that is no number: whoever can write to the table can give it. */
const NUMBERED = { sequence: { $lt: Number.MAX_SAFE_INTEGER } } as const;

/** How long instances of the version before may go on writing events without a MAC. */
const UPDATE_MS = 86_400_000;

const MOVED = 'The ends of the chain of audit events were moved by hand.';
const BEHIND = 'There are events behind the end of the chain.';
const PUT_BACK =
  'The chain of audit events does not hold what this process has seen in it: an older state was put back. ' +
  'If that was the restore of a backup, restart the server.';

/** What is moved. What is left out stays. */
type Move = Partial<Moments> & { readonly start?: ChainEnd; readonly head?: ChainEnd };

/** Keeps the two ends of the audit trail's chain, and its key. */
@Injectable()
export class AuditLedger implements OnModuleInit {
  private readonly logger = new Logger(AuditLedger.name);
  private readonly memory = new ChainMemory();

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    private readonly sql: DirectSql,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
    @Inject(IS_SERVER) private readonly isServer: boolean,
  ) {}

  /** A command of the operator may have another secret than the servers: it begins no chain by looking. */
  async onModuleInit(): Promise<void> {
    if (this.isServer) await this.beginWhereNoneIs();
  }

  /** The chain is there before the first account and the first event are: one that is missing later was taken away. */
  private async beginWhereNoneIs(): Promise<void> {
    const em = this.em.fork();
    if ((await em.count(AuditChain)) > 0) return;
    try {
      await em.transactional(async (transaction) => {
        const isFirst = await this.isNewDatabase(transaction);
        await this.begin(transaction, this.clock.now(), null, isFirst);
      });
    } catch (error) {
      // Another instance has begun it meanwhile.
      if (!(error instanceof UniqueConstraintViolationException)) throw error;
    }
  }

  /**
   * Locks the chain for the transaction of `em`. Where there is none that a configured secret opens, another one begins
   * behind it: events go on being sealed, and `audit verify` says what it could not look at.
   *
   * @returns undefined when the chain's row is not as it was left, or is an older one: under it, nothing is sealed or purged
   */
  async hold(em: EntityManager, now: Date): Promise<OpenChain | undefined> {
    const row = await em.findOne(AuditChain, ONLY_ONE, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const open = row && this.open(row);
    if (!open) return this.begin(em, now, row);
    const state = sealStateOf(row, open.key);
    const problem = await this.problemOf(em, open, state);
    if (problem) {
      this.refuse('ends', `${problem} Nothing is sealed or purged.`);
      // The flush would write a moment that is none back.
      em.getUnitOfWork().unsetIdentity(row);
      return undefined;
    }
    const moments = this.memory.remember(open);
    const inADay = new Date(now.getTime() + UPDATE_MS);
    if (state === 'former') this.move(open, { ...moments, macsFrom: earliestOf(moments.macsFrom, inADay) });
    if (!unwrap(row.wrappedKey, WRAPPED, this.env.JWT_SECRET)) row.wrappedKey = this.wrapped(open.key);
    return open;
  }

  /** The chain as it is, or undefined when there is none, or none that a configured secret opens. */
  async look(em: EntityManager): Promise<OpenChain | undefined> {
    const row = await em.findOne(AuditChain, ONLY_ONE);
    return row ? this.open(row) : undefined;
  }

  /**
   * For a command that is about to write an event. Where there is no chain, it begins one.
   *
   * @throws AppError `CONFLICT` where no configured secret opens the chain: it is not the one of the servers
   */
  async assertOpened(): Promise<void> {
    await this.beginWhereNoneIs();
    if (!(await this.look(this.em.fork()))) throw unopenedChain();
  }

  /** Moves an end or a moment. All of them are under one seal. */
  move({ row, key }: OpenChain, { start, head, ...moments }: Move): void {
    if (start) Object.assign(row, { startSequence: start.sequence, startHash: start.hash });
    if (head) Object.assign(row, { headSequence: head.sequence, headHash: head.hash });
    Object.assign(row, moments);
    row.seal = sealOf(row, key);
  }

  /** Says loudly what a job does not vouch for. */
  refuse(what: 'event' | 'ends' | 'start', message: string, count = 1): void {
    this.metrics.auditFaults.inc({ what }, count);
    this.logger.error(`${message} Run \`audit verify\` (docs/audit.md).`);
  }

  private async problemOf(em: EntityManager, chain: OpenChain, state: SealState): Promise<string | undefined> {
    if (state === 'broken') return MOVED;
    if (!(await this.memory.agreesWith(em, chain))) return PUT_BACK;
    // They stand where the next ones are to stand.
    const behind = await em.count(AuditEvent, { sequence: { $gt: chain.row.headSequence } });
    return behind > 0 ? BEHIND : undefined;
  }

  private open(row: AuditChain): OpenChain | undefined {
    for (const secret of [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS]) {
      const key = unwrap(row.wrappedKey, WRAPPED, secret);
      if (key) return { row, key: createSecretKey(key) };
    }
    return undefined;
  }

  /**
   * True where nothing has happened that a chain could prove. Accounts are of a layer above, so their table is asked. Nobody
   * empties that one unnoticed.
   */
  async isNewDatabase(em?: EntityManager): Promise<boolean> {
    const rows = await this.sql.rows(sql`select 1 from users union all select 1 from audit_events limit 1`, em);
    return rows.length === 0;
  }

  /** A chain that is not the first one has taken the place of one that is lost, and says so for ever. */
  private async begin(em: EntityManager, now: Date, former: AuditChain | null, isFirst = false): Promise<OpenChain> {
    if (!isFirst) this.refuse('ends', 'The chain of audit events is gone, or of another JWT_SECRET. A new one begins.');
    const last = await em.findOne(AuditEvent, NUMBERED, { orderBy: { sequence: 'desc' } });
    const end = last ? endOf(last) : BEGINNING;
    const key = generateKeySync('hmac', { length: 256 });
    const row = former ?? em.create(AuditChain, { id: ONLY_ONE, wrappedKey: '', seal: '', ...endsAt(end) });
    row.wrappedKey = this.wrapped(key);
    const chain = { row, key };
    this.move(chain, { start: end, head: end, macsFrom: now, purgedUntil: null, begunAnewAt: isFirst ? null : now });
    return chain;
  }

  private wrapped(key: KeyObject): string {
    return wrap(key.export(), WRAPPED, this.env.JWT_SECRET);
  }
}

const endsAt = ({ sequence, hash }: ChainEnd) => ({
  startSequence: sequence,
  startHash: hash,
  headSequence: sequence,
  headHash: hash,
});
