import { EntityManager, UniqueConstraintViolationException } from '@mikro-orm/core';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import {
  type AsymmetricAlgorithm,
  generateSigningMaterial,
  materialOfPrivateKey,
  publicJwk,
  type SigningMaterial,
} from './key-material.js';
import { unwrapPrivateKey, wrapPrivateKey } from './key-wrapping.js';
import { SigningKey } from './signing-key.entity.js';

/** A key of the database that a configured secret has opened. */
export interface StoredKey {
  readonly material: SigningMaterial;
  readonly activeFrom: Date;
}

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
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {}

  /** The keys that are not retired and that a secret opens, by the time from which they sign. */
  async usable(): Promise<StoredKey[]> {
    const order = { activeFrom: 'asc', generation: 'asc' } as const;
    const rows = await this.em.fork().find(SigningKey, { retiredAt: null }, { orderBy: order });
    for (const kid of this.opened.keys()) if (!rows.some((row) => row.kid === kid)) this.opened.delete(kid);
    return rows.flatMap((row) => {
      const material = this.opened.get(row.kid) ?? this.open(row);
      return material ? [{ material, activeFrom: row.activeFrom }] : [];
    });
  }

  /** The number of the next key. Asked before looking for keys: what another instance makes meanwhile has it. */
  async nextGeneration(em: EntityManager, algorithm: AsymmetricAlgorithm): Promise<number> {
    const newest = await em.findOne(SigningKey, { algorithm }, { orderBy: { generation: 'desc' } });
    return (newest?.generation ?? 0) + 1;
  }

  /** Makes a key. The unique generation makes one of several instances win, whose key is as good as ours. */
  async createFirst(algorithm: AsymmetricAlgorithm, generation: number): Promise<void> {
    const em = this.em.fork();
    await this.create(em, algorithm, generation, this.clock.now());
    try {
      await em.flush();
    } catch (error) {
      if (!(error instanceof UniqueConstraintViolationException)) throw error;
    }
  }

  /** Adds a key to the unit of work of `em`. */
  async create(
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

  /** True when a former secret had wrapped the key, and the current one does now. */
  rewrap(row: SigningKey): boolean {
    if (unwrapPrivateKey(row.wrappedPrivateKey, row.kid, this.env.JWT_SECRET)) return false;
    const material = this.opened.get(row.kid) ?? this.open(row);
    if (material) row.wrappedPrivateKey = wrapPrivateKey(material.privateKey, row.kid, this.env.JWT_SECRET);
    return material !== undefined;
  }

  /**
   * A row that no configured secret opens is left alone: neither published nor accepted here. That is what an operator
   * wants who replaced a leaked secret, and it keeps an instance with a wrong secret from harming the others.
   */
  private open(row: SigningKey): SigningMaterial | undefined {
    for (const secret of [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS]) {
      const privateKey = unwrapPrivateKey(row.wrappedPrivateKey, row.kid, secret);
      if (!privateKey) continue;
      const material = materialOfPrivateKey(row.algorithm as AsymmetricAlgorithm, privateKey);
      this.opened.set(row.kid, material);
      return material;
    }
    if (!this.reported.has(row.kid)) this.report(row.kid);
    return undefined;
  }

  private report(kid: string): void {
    this.reported.add(kid);
    this.logger.error(
      `Signing key ${kid} can not be opened: it was made under another JWT_SECRET. ` +
        'Its tokens are refused. To keep it, add that secret to JWT_PREVIOUS_SECRETS.',
    );
  }
}
