import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import type { AsymmetricAlgorithm } from './key-material.js';
import { type KeyLifetimes, type KeyPhase, phaseOf } from './key-phase.js';
import { KeyStore, type StoredKey } from './key-store.js';
import { KeysService, RELOAD_SECONDS } from './keys.service.js';
import type { KeyRow } from './key-row.js';
import { noSuchKey, sharedSecret, stillInUse, unopenedKeys } from './keys.errors.js';
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
  /** `unopened`: no configured secret opens it, so it neither signs nor verifies here. */
  readonly phase: KeyPhase | 'unopened';
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
    private readonly transactions: Transactions,
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
    const keys = await this.store.usable(em);
    const rewrapped = await this.store.rewrap(em, keys);
    const retired = await this.retireSpent(em, keys, now);
    const made = await this.makeDue(em, keys, now);
    const longAgo = secondsFrom(now, -RETIRED_KEPT_SECONDS);
    const deleted = await em.nativeDelete(SigningKey, { retiredAt: { $lt: longAgo } });
    return { rows: rewrapped + retired + made + deleted, hasMore: false };
  }

  /** The keys that are known, the newest first, up to `MAX_LISTED_KEYS`. */
  async list(): Promise<KeyReport[]> {
    const keys = await this.store.usable();
    const rows = (await this.store.rows()).reverse().slice(0, MAX_LISTED_KEYS);
    return rows.map((row) => this.reportOf(row, keys));
  }

  /**
   * With HS256 nothing is said: keys of another algorithm may be left, and nobody needs to open them.
   *
   * @throws AppError `CONFLICT` where there are keys, and no configured secret opens one: it is not the one of the servers
   */
  async assertOpened(): Promise<void> {
    if (this.env.JWT_ALGORITHM === 'HS256') return;
    const rows = (await this.store.rows()).filter(({ retiredAt }) => !retiredAt);
    if (rows.length > 0 && (await this.store.usable()).length === 0) throw unopenedKeys();
  }

  /** @throws AppError `CONFLICT` when the row of a key says that it is not revoked, whoever has written that */
  async assertRevoked(kid: string): Promise<void> {
    if ((await this.em.fork().count(SigningKey, { kid, retiredAt: null })) > 0) throw stillInUse(kid);
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
    const { kid, algorithm, createdAt } = await this.transactions.runApart(async (em) => {
      await assertStill(em);
      return this.make(em, activeFrom, by);
    });
    await this.keys.reload();
    const unused = { retiredAt: null, verifications: 0, lastSeenAt: null };
    return { kid, algorithm, phase: 'published', createdAt, activeFrom, ...unused };
  }

  /** Refuses every token of the key, on every instance, within `RELOAD_SECONDS`. Their owners refresh. */
  async revoke(kid: string): Promise<void> {
    await this.transactions.runApart(async (em) => {
      const now = this.clock.now();
      if ((await em.nativeUpdate(SigningKey, { kid, retiredAt: null }, { retiredAt: now })) === 0) throw noSuchKey();
      this.audit.record(em, 'key.revoked', { details: { kid } });
      const left = await this.store.usable(em);
      if (!left.some((key) => this.isOfAlgorithm(key) && key.activeFrom <= now)) await this.make(em, now);
    });
    await this.keys.reload();
    this.logger.warn(`Signing key ${kid} was revoked: its tokens are refused.`);
  }

  private async retireSpent(em: EntityManager, keys: readonly StoredKey[], now: Date): Promise<number> {
    const spent = keys.filter((key) => this.phaseAmong(key, keys, now) === 'retired').map(({ kid }) => kid);
    return em.nativeUpdate(SigningKey, { kid: { $in: spent } }, { retiredAt: now });
  }

  private async makeDue(em: EntityManager, keys: readonly StoredKey[], now: Date): Promise<number> {
    const newest = keys.findLast((key) => this.isOfAlgorithm(key));
    // Where there is none, the next reload of a server makes one.
    if (!newest) return 0;
    const lead = this.leadSeconds();
    const startsIn = (newest.activeFrom.getTime() - now.getTime()) / 1000;
    // Made while the clock was ahead: without this nothing would be made until it gets there again.
    if (startsIn > lead + PUBLISH_MARGIN_SECONDS)
      await em.nativeUpdate(SigningKey, { kid: newest.kid }, { activeFrom: now });
    if (startsIn > lead - this.env.KEY_ROTATION_INTERVAL) return 0;
    await this.make(em, secondsFrom(now, lead), SCHEDULED);
    return 1;
  }

  /** The other instances read it within `RELOAD_SECONDS`. */
  private async make(em: EntityManager, activeFrom: Date, by: AuditFacts = {}): Promise<SigningKey> {
    return this.store.makeNext(em, this.algorithm(), activeFrom, by);
  }

  private reportOf(row: KeyRow, keys: readonly StoredKey[]): KeyReport {
    const { kid, algorithm, createdAt, activeFrom, retiredAt, verifications, lastSeenAt } = row;
    const isOpened = retiredAt !== null || keys.some((key) => key.kid === kid);
    const phase = isOpened ? this.phaseAmong(row, keys, this.clock.now()) : 'unopened';
    return { kid, algorithm, phase, createdAt, activeFrom, retiredAt, verifications, lastSeenAt };
  }

  /** @param keys by the time from which they sign. Only a key that a secret has opened succeeds another */
  private phaseAmong(row: KeyRow, keys: readonly StoredKey[], now: Date): KeyPhase {
    const successor = keys.find((key) => this.isOfAlgorithm(key) && key.activeFrom > row.activeFrom);
    return phaseOf(row, successor, now, this.env);
  }

  private isOfAlgorithm({ algorithm }: KeyRow): boolean {
    return algorithm === this.env.JWT_ALGORITHM;
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
