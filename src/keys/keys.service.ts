import { EntityManager, UniqueConstraintViolationException } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import {
  type AsymmetricAlgorithm,
  generateSigningMaterial,
  materialOfPrivateKey,
  materialOfSecret,
  publicJwk,
  type SigningMaterial,
  type VerificationKey,
} from './key-material.js';
import { unwrapPrivateKey, wrapPrivateKey } from './key-wrapping.js';
import { SigningKey } from './signing-key.entity.js';
import { parseTokenHeader } from './token-header.js';

/** How long a made-up `kid` can not cause another look into the database. */
const RELOAD_COOLDOWN_SECONDS = 1;

/**
 * The keys that sign and verify access tokens. Asymmetric ones are made here, once for all instances, and live in the
 * database; with HS256 the key is `JWT_SECRET` itself. Keys are held in memory as `KeyObject`s, so that verifying a
 * token waits neither for the database nor for libuv's pool, where bcrypt works.
 */
@Injectable()
export class KeysService implements OnModuleInit {
  private readonly logger = new Logger(KeysService.name);
  private verificationKeys = new Map<string, VerificationKey>();
  private active: { key: SigningMaterial; from: Date }[] = [];
  private lastReload = 0;
  private readonly reported = new Set<string>();

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Inject(ENV)
    private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS' | 'JWT_ALGORITHM'>,
  ) {}

  async onModuleInit(): Promise<void> {
    const { JWT_ALGORITHM: algorithm } = this.env;
    if (algorithm === 'HS256') {
      this.useSecrets();
      return;
    }
    // Asked before looking for keys: a key that another instance makes meanwhile is either found or in the way of ours.
    const generation = await this.nextGeneration(algorithm);
    await this.reload();
    if (this.active.length === 0) await this.create(algorithm, generation);
  }

  /** The key that signs new tokens: the newest that has become active. */
  signing(): SigningMaterial {
    const now = this.clock.now();
    const current = this.active.findLast(({ from }) => from <= now) ?? this.active[0];
    if (!current) throw new Error('No signing key: KeysService was used before it was initialised.');
    return current.key;
  }

  /**
   * The one key that may have signed this token, also when another instance made it a moment ago. Undefined when the
   * token can not be ours: its header is malformed, its `kid` unknown, or its `alg` is not the one of that key.
   */
  async verificationKey(token: string): Promise<KeyObject | undefined> {
    const header = parseTokenHeader(token);
    if (!header) return undefined;
    if (!this.verificationKeys.has(header.kid) && this.mayReload()) await this.reload();
    const known = this.verificationKeys.get(header.kid);
    if (known?.algorithm !== header.alg) return undefined;
    this.metrics.verifications.inc({ kid: known.kid });
    this.metrics.keyLastSeen.set({ kid: known.kid }, this.clock.epochSeconds());
    return known.key;
  }

  /** The JWK set for other services (RFC 7517 section 5). Empty with HS256: its key is a secret. */
  jwks(): { keys: JsonWebKey[] } {
    const publicKeys = [...this.verificationKeys.values()].filter(({ algorithm }) => algorithm !== 'HS256');
    return { keys: publicKeys.map(publicJwk) };
  }

  private useSecrets(): void {
    const keys = [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS].map(materialOfSecret);
    this.verificationKeys = new Map(keys.map((key) => [key.kid, key]));
    this.active = keys.slice(0, 1).map((key) => ({ key, from: this.clock.now() }));
  }

  private mayReload(): boolean {
    if (this.env.JWT_ALGORITHM === 'HS256') return false;
    // The distance, not the difference: a clock that was set back must not keep new keys out until it has caught up.
    return Math.abs(this.clock.epochSeconds() - this.lastReload) >= RELOAD_COOLDOWN_SECONDS;
  }

  private async reload(): Promise<void> {
    this.lastReload = this.clock.epochSeconds();
    const rows = await this.em.fork().find(SigningKey, { retiredAt: null }, { orderBy: { activeFrom: 'asc' } });
    const usable = rows.flatMap((row) => {
      const key = this.unwrap(row);
      return key ? [{ key, from: row.activeFrom }] : [];
    });
    this.verificationKeys = new Map(usable.map(({ key }) => [key.kid, key]));
    this.active = usable.filter(({ key }) => key.algorithm === this.env.JWT_ALGORITHM);
  }

  /**
   * A row that no configured secret opens is left alone: neither published nor accepted here. That is what an operator
   * wants who replaced a leaked secret, and it keeps an instance with a wrong secret from harming the others.
   */
  private unwrap(row: SigningKey): SigningMaterial | undefined {
    for (const secret of [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS]) {
      const privateKey = unwrapPrivateKey(row.wrappedPrivateKey, row.kid, secret);
      if (privateKey) return materialOfPrivateKey(row.algorithm as AsymmetricAlgorithm, privateKey);
    }
    if (!this.reported.has(row.kid)) this.reportUnusable(row.kid);
    return undefined;
  }

  private reportUnusable(kid: string): void {
    this.reported.add(kid);
    this.logger.error(
      `Signing key ${kid} can not be opened: it was made under another JWT_SECRET. ` +
        'Its tokens are refused. To keep it, add that secret to JWT_PREVIOUS_SECRETS.',
    );
  }

  private async nextGeneration(algorithm: AsymmetricAlgorithm): Promise<number> {
    const newest = await this.em.fork().findOne(SigningKey, { algorithm }, { orderBy: { generation: 'desc' } });
    return (newest?.generation ?? 0) + 1;
  }

  private async create(algorithm: AsymmetricAlgorithm, generation: number): Promise<void> {
    const key = await generateSigningMaterial(algorithm);
    const em = this.em.fork();
    em.create(SigningKey, {
      kid: key.kid,
      algorithm,
      generation,
      publicJwk: publicJwk(key),
      wrappedPrivateKey: wrapPrivateKey(key.privateKey, key.kid, this.env.JWT_SECRET),
      createdAt: this.clock.now(),
      activeFrom: this.clock.now(),
    });
    try {
      await em.flush();
    } catch (error) {
      // Another instance made this generation at the same moment. Its key is as good as ours.
      if (!(error instanceof UniqueConstraintViolationException)) throw error;
    }
    await this.reload();
  }
}
