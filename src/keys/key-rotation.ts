import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import type { AsymmetricAlgorithm } from './key-material.js';
import { type KeyLifetimes, type KeyPhase, phaseOf } from './key-phase.js';
import { KeyStore } from './key-store.js';
import { KeysService, RELOAD_SECONDS } from './keys.service.js';
import { noSuchKey, sharedSecret } from './keys.errors.js';
import { SigningKey } from './signing-key.entity.js';

/** What a new key is published for longer than verifiers keep the set: instances read it, and clocks differ. */
const PUBLISH_MARGIN_SECONDS = 60;

/** A retired key is kept for whoever wonders which one had signed an old token. */
const RETIRED_KEPT_SECONDS = 30 * 86_400;

/** How many keys a list shows. All that are in use are among them; the audit trail names those that retired longer ago. */
export const MAX_LISTED_KEYS = 100;

/** Of a key that nobody has asked for. */
const SCHEDULED: AuditFacts = { details: { scheduled: true } };

/** A key as an operator sees it. */
export interface KeyReport {
  readonly kid: string;
  readonly algorithm: string;
  readonly phase: KeyPhase;
  readonly createdAt: Date;
  readonly activeFrom: Date;
  readonly retiredAt: Date | null;
  readonly verifications: number;
  readonly lastSeenAt: Date | null;
}

/**
 * Replaces signing keys: on a schedule, as a job, and when an operator asks for it. No token is refused by it: each key is
 * published before it signs and verifies until its last token has expired. A revoked key is the exception, and the point.
 */
@Injectable()
export class KeyRotation implements Job, OnModuleInit {
  readonly name = 'rotate-keys';
  readonly everySeconds = 60;
  private readonly logger = new Logger(KeyRotation.name);

  constructor(
    private readonly em: EntityManager,
    private readonly jobs: JobRunner,
    private readonly store: KeyStore,
    private readonly keys: KeysService,
    private readonly clock: Clock,
    private readonly audit: AuditService,
    @Inject(ENV)
    private readonly env: KeyLifetimes & Pick<Env, 'JWT_ALGORITHM' | 'JWKS_MAX_AGE' | 'KEY_ROTATION_INTERVAL'>,
  ) {}

  onModuleInit(): void {
    // HS256 signs with JWT_SECRET, which its operator replaces.
    if (this.env.JWT_ALGORITHM !== 'HS256') this.jobs.add(this);
  }

  async run(em: EntityManager, now: Date): Promise<{ rows: number; hasMore: boolean }> {
    const rows = await em.find(SigningKey, { retiredAt: null }, { orderBy: { activeFrom: 'asc', generation: 'asc' } });
    const rewrapped = rows.filter((row) => this.store.rewrap(row)).length;
    const retired = this.retireSpent(rows, now);
    const made = await this.makeDue(em, rows, now);
    const longAgo = secondsFrom(now, -RETIRED_KEPT_SECONDS);
    const deleted = await em.nativeDelete(SigningKey, { retiredAt: { $lt: longAgo } });
    return { rows: rewrapped + retired + made + deleted, hasMore: false };
  }

  /** The keys that are known, the newest first, up to `MAX_LISTED_KEYS`. */
  async list(): Promise<KeyReport[]> {
    const order = { activeFrom: 'desc', generation: 'desc' } as const;
    const rows = await this.em.fork().find(SigningKey, {}, { orderBy: order, limit: MAX_LISTED_KEYS });
    return rows.map((row) => this.reportOf(row, rows));
  }

  /**
   * Makes the next key.
   *
   * @param isUrgent it signs as soon as every instance knows it, also when other services do not yet
   * @param by who has asked for it. Nobody: an operator
   * @param assertStill throws, in the transaction, when they may not any more
   * @throws AppError `CONFLICT` with HS256, whose key is a setting
   */
  async rotate(
    isUrgent = false,
    by: AuditFacts = {},
    assertStill: (em: EntityManager) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<KeyReport> {
    const activeFrom = secondsFrom(this.clock.now(), isUrgent ? 3 * RELOAD_SECONDS : this.leadSeconds());
    const row = await this.em.fork().transactional(async (em) => {
      await assertStill(em);
      return this.make(em, activeFrom, by);
    });
    await this.keys.reload();
    return this.reportOf(row, [row]);
  }

  /** Refuses every token of the key, on every instance, within `RELOAD_SECONDS`. Their owners refresh. */
  async revoke(kid: string): Promise<void> {
    await this.em.fork().transactional(async (em) => {
      const now = this.clock.now();
      if ((await em.nativeUpdate(SigningKey, { kid, retiredAt: null }, { retiredAt: now })) === 0) throw noSuchKey();
      const standing = { algorithm: this.algorithm(), retiredAt: null, activeFrom: { $lte: now } };
      this.audit.record(em, 'key.revoked', { details: { kid } });
      if ((await em.count(SigningKey, standing)) === 0) await this.make(em, now);
    });
    await this.keys.reload();
    this.logger.warn(`Signing key ${kid} was revoked: its tokens are refused.`);
  }

  private retireSpent(rows: SigningKey[], now: Date): number {
    const spent = rows.filter((row) => this.phaseAmong(row, rows, now) === 'retired');
    for (const row of spent) row.retiredAt = now;
    return spent.length;
  }

  private async makeDue(em: EntityManager, rows: readonly SigningKey[], now: Date): Promise<number> {
    const newest = rows.findLast(({ algorithm }) => algorithm === this.env.JWT_ALGORITHM);
    if (!newest) {
      await this.make(em, now, SCHEDULED);
      return 1;
    }
    const lead = this.leadSeconds();
    const startsIn = (newest.activeFrom.getTime() - now.getTime()) / 1000;
    // Made while the clock was ahead: without this nothing would be made until it gets there again.
    if (startsIn > lead + PUBLISH_MARGIN_SECONDS) newest.activeFrom = now;
    if (startsIn > lead - this.env.KEY_ROTATION_INTERVAL) return 0;
    await this.make(em, secondsFrom(now, lead), SCHEDULED);
    return 1;
  }

  /** The other instances read it within `RELOAD_SECONDS`. */
  private async make(em: EntityManager, activeFrom: Date, by: AuditFacts = {}): Promise<SigningKey> {
    const algorithm = this.algorithm();
    const row = await this.store.create(em, algorithm, await this.store.nextGeneration(em, algorithm), activeFrom);
    this.audit.record(em, 'key.rotated', { ...by, details: { ...by.details, kid: row.kid } });
    this.logger.log(`A new signing key is published. It signs from ${activeFrom.toISOString()}.`);
    return row;
  }

  private reportOf(row: SigningKey, rows: readonly SigningKey[]): KeyReport {
    return {
      kid: row.kid,
      algorithm: row.algorithm,
      phase: this.phaseAmong(row, rows, this.clock.now()),
      createdAt: row.createdAt,
      activeFrom: row.activeFrom,
      retiredAt: row.retiredAt ?? null,
      verifications: row.verifications,
      lastSeenAt: row.lastSeenAt ?? null,
    };
  }

  private phaseAmong(row: SigningKey, rows: readonly SigningKey[], now: Date): KeyPhase {
    const later = rows
      .filter(({ algorithm, activeFrom }) => algorithm === this.env.JWT_ALGORITHM && activeFrom > row.activeFrom)
      .sort((a, b) => a.activeFrom.getTime() - b.activeFrom.getTime());
    return phaseOf(row, later[0], now, this.env);
  }

  private algorithm(): AsymmetricAlgorithm {
    if (this.env.JWT_ALGORITHM === 'HS256') throw sharedSecret();
    return this.env.JWT_ALGORITHM;
  }

  private leadSeconds(): number {
    return this.env.JWKS_MAX_AGE + PUBLISH_MARGIN_SECONDS;
  }
}

const secondsFrom = (moment: Date, seconds: number): Date => new Date(moment.getTime() + seconds * 1000);
