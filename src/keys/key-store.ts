import { EntityManager, raw, UniqueConstraintViolationException } from '@mikro-orm/core';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from '../database/direct-sql.js';
import {
  type AsymmetricAlgorithm,
  generateSigningMaterial,
  materialOfPrivateKey,
  publicJwk,
  type SigningMaterial,
} from './key-material.js';
import { ALL_ROWS, bySigningTime, type KeyRow, keyRowOf } from './key-row.js';
import { unwrapPrivateKey, wrapPrivateKey } from './key-wrapping.js';
import { SigningKey } from './signing-key.entity.js';

/** A key of the database that a configured secret has opened. */
export interface StoredKey extends KeyRow {
  readonly material: SigningMaterial;
}

/** The largest integer of PostgreSQL. After it there would be no next generation. */
const LAST_GENERATION = 2 ** 31 - 1;

/** The signing keys in the database: opened, made and wrapped again. */
@Injectable()
export class KeyStore {
  private readonly logger = new Logger(KeyStore.name);
  /** By `kid`, and for as long as the process lives: a row that was wrapped anew meanwhile is the same key. */
  private readonly opened = new Map<string, SigningMaterial>();
  private readonly reported = new Set<string>();

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly sql: DirectSql,
    private readonly audit: AuditService,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {}

  /**
   * Every row that can be read, retired ones too, by the time from which they sign. What else is in the table stops nobody
   * from reading these.
   *
   * @param em of a transaction, to read in it
   */
  async rows(em?: EntityManager): Promise<KeyRow[]> {
    const found = (await this.sql.rows(ALL_ROWS, em)).map((row) => ({ row, key: keyRowOf(row) }));
    for (const { row, key } of found) if (!key) this.reportUnreadable(row);
    return found.flatMap(({ key }) => key ?? []).sort(bySigningTime);
  }

  /** The keys that are not retired and that a secret opens, by the time from which they sign. */
  async usable(em?: EntityManager): Promise<StoredKey[]> {
    const rows = (await this.rows(em)).filter(({ retiredAt }) => !retiredAt);
    for (const kid of this.opened.keys()) if (!rows.some((row) => row.kid === kid)) this.opened.delete(kid);
    return rows.flatMap((row) => {
      const known = this.opened.get(row.kid);
      const material = known?.algorithm === row.algorithm ? known : this.open(row);
      return material ? [{ ...row, material }] : [];
    });
  }

  /** Makes the next key in the transaction of `em`, with its event. Who makes another one at the same time waits for it. */
  async makeNext(
    em: EntityManager,
    algorithm: AsymmetricAlgorithm,
    activeFrom: Date,
    by: AuditFacts,
  ): Promise<SigningKey> {
    // Changes nothing, and locks the rows until the transaction ends.
    await em.nativeUpdate(SigningKey, { algorithm }, { generation: raw<number>('generation') });
    const key = await this.create(em, algorithm, await this.nextGeneration(algorithm, em), activeFrom);
    this.record(em, key, by);
    return key;
  }

  /**
   * Makes a key that signs at once, where there is none. Of several instances one wins, by the unique generation: it is asked
   * for before looking once more, so that whoever finds no key has the number of the one that another instance makes meanwhile.
   *
   * @param isReplacement this process has had a key. The first key of a database is the only one without an event
   */
  async makeMissing(algorithm: AsymmetricAlgorithm, isReplacement: boolean): Promise<void> {
    const em = this.em.fork();
    const generation = await this.nextGeneration(algorithm);
    if ((await this.usable()).some((key) => key.algorithm === algorithm)) return;
    const isFirst = !isReplacement && (await em.count(SigningKey)) === 0;
    const key = await this.create(em, algorithm, generation, this.clock.now());
    if (!isFirst) this.record(em, key, {});
    try {
      await em.flush();
    } catch (error) {
      if (!(error instanceof UniqueConstraintViolationException)) throw error;
    }
  }

  /** Wraps those keys under the current secret that a former one had wrapped. @returns how many they were */
  async rewrap(em: EntityManager, keys: readonly StoredKey[]): Promise<number> {
    const { JWT_SECRET: secret } = this.env;
    const former = keys.filter(({ kid, wrappedPrivateKey }) => !unwrapPrivateKey(wrappedPrivateKey, kid, secret));
    for (const { kid, material } of former) {
      const wrappedPrivateKey = wrapPrivateKey(material.privateKey, kid, secret);
      await em.nativeUpdate(SigningKey, { kid }, { wrappedPrivateKey });
    }
    return former.length;
  }

  private async nextGeneration(algorithm: AsymmetricAlgorithm, em?: EntityManager): Promise<number> {
    const statement = sql<{ generation: unknown }>`select generation from signing_keys where algorithm = ${algorithm}`;
    const taken = (await this.sql.rows(statement, em)).map(({ generation }) => generation);
    const numbers = taken.filter((value) => typeof value === 'number').filter((value) => value < LAST_GENERATION);
    return Math.max(0, ...numbers) + 1;
  }

  private async create(
    em: EntityManager,
    algorithm: AsymmetricAlgorithm,
    generation: number,
    activeFrom: Date,
  ): Promise<SigningKey> {
    const key = await generateSigningMaterial(algorithm);
    return em.create(SigningKey, {
      kid: key.kid,
      algorithm,
      generation,
      publicJwk: publicJwk(key),
      wrappedPrivateKey: wrapPrivateKey(key.privateKey, key.kid, this.env.JWT_SECRET),
      createdAt: this.clock.now(),
      activeFrom,
    });
  }

  private record(em: EntityManager, { kid, activeFrom }: SigningKey, by: AuditFacts): void {
    this.audit.record(em, 'key.rotated', { ...by, details: { ...by.details, kid } });
    this.logger.log(`A new signing key is published. It signs from ${activeFrom.toISOString()}.`);
  }

  /**
   * A row that no configured secret opens is left alone: neither published nor accepted here, and it takes the place of no
   * key. That is what an operator wants who replaced a leaked secret, and it keeps an instance with a wrong secret from
   * harming the others.
   */
  private open(row: KeyRow): SigningMaterial | undefined {
    for (const secret of [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS]) {
      const privateKey = unwrapPrivateKey(row.wrappedPrivateKey, row.kid, secret);
      if (!privateKey) continue;
      const material = materialOfPrivateKey(row.algorithm, privateKey);
      if (material) this.opened.set(row.kid, material);
      else this.reportForeign(row.kid, `is not of an ${row.algorithm} key`);
      return material;
    }
    this.reportOnce(
      row.kid,
      `Signing key ${row.kid} cannot be opened: it was made under another JWT_SECRET. ` +
        'Its tokens are refused. To keep it, add that secret to JWT_PREVIOUS_SECRETS.',
    );
    return undefined;
  }

  private reportUnreadable(row: object): void {
    const kid = 'kid' in row && typeof row.kid === 'string' ? row.kid : '(unreadable)';
    this.reportForeign(kid, 'cannot be read');
  }

  private reportForeign(kid: string, problem: string): void {
    this.reportOnce(kid, `The row of signing key ${kid} ${problem}: no server has written it. It is ignored.`);
  }

  private reportOnce(kid: string, message: string): void {
    if (this.reported.has(kid)) return;
    this.reported.add(kid);
    this.logger.error(message);
  }
}
