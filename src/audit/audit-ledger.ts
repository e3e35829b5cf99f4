import { type EntityManager, LockMode } from '@mikro-orm/core';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { createSecretKey, generateKeySync, type KeyObject } from 'node:crypto';
import { unwrap, wrap } from '../common/wrapping.js';
import { ENV, type Env } from '../config/env.js';
import { AuditChain } from './audit-chain.entity.js';
import { BEGINNING, type ChainEnd, endOf, sealOf } from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';

const WRAPPED = { purpose: 'latchkey/audit-chain', name: 'audit-chain' } as const;
const ONLY_ONE = 1;

/** The chain with its key. */
export interface OpenChain {
  readonly row: AuditChain;
  readonly key: KeyObject;
}

/** Keeps the two ends of the audit trail's chain, and its key. */
@Injectable()
export class AuditLedger {
  private readonly logger = new Logger(AuditLedger.name);

  constructor(@Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>) {}

  /**
   * Locks the chain for the transaction of `em`. Where there is none that a configured secret opens, another one begins
   * behind it: events go on being sealed, and `audit verify` says what it could not look at.
   */
  async hold(em: EntityManager): Promise<OpenChain> {
    const row = await em.findOne(AuditChain, ONLY_ONE, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const open = row && this.open(row);
    if (open) {
      if (!unwrap(row.wrappedKey, WRAPPED, this.env.JWT_SECRET)) row.wrappedKey = this.wrapped(open.key);
      return open;
    }
    if (row) this.logger.error('The chain of audit events was begun under another JWT_SECRET. A new one begins.');
    return this.begin(em, row);
  }

  /** The chain as it is, or undefined when there is none, or none that a configured secret opens. */
  async look(em: EntityManager): Promise<OpenChain | undefined> {
    const row = await em.findOne(AuditChain, ONLY_ONE);
    return row ? this.open(row) : undefined;
  }

  /** Moves an end. Both are under one seal. */
  move({ row, key }: OpenChain, ends: { start?: ChainEnd; head?: ChainEnd }): void {
    if (ends.start) Object.assign(row, { startSequence: ends.start.sequence, startHash: ends.start.hash });
    if (ends.head) Object.assign(row, { headSequence: ends.head.sequence, headHash: ends.head.hash });
    row.seal = sealOf(row, key);
  }

  private open(row: AuditChain): OpenChain | undefined {
    for (const secret of [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS]) {
      const key = unwrap(row.wrappedKey, WRAPPED, secret);
      if (key) return { row, key: createSecretKey(key) };
    }
    return undefined;
  }

  private async begin(em: EntityManager, former: AuditChain | null): Promise<OpenChain> {
    const last = await em.findOne(AuditEvent, { sequence: { $ne: null } }, { orderBy: { sequence: 'desc' } });
    const end = last ? endOf(last) : BEGINNING;
    const key = generateKeySync('hmac', { length: 256 });
    const row = former ?? em.create(AuditChain, { id: ONLY_ONE, wrappedKey: '', seal: '', ...endsAt(end) });
    row.wrappedKey = this.wrapped(key);
    const chain = { row, key };
    this.move(chain, { start: end, head: end });
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
