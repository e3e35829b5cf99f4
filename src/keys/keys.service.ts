import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { EntityManager } from '@mikro-orm/core';
import { materialOfSecret, publicJwk, type SigningMaterial, type VerificationKey } from './key-material.js';
import { phaseOf, type KeyLifetimes } from './key-phase.js';
import { KeyStore, type StoredKey } from './key-store.js';
import { KeyUsage } from './key-usage.js';
import { parseTokenHeader } from './token-header.js';

/** How soon every instance knows a key that another one made, and a key that was revoked. */
export const RELOAD_SECONDS = 1;

/** Every so many reloads the counts are stored. */
const STORE_USAGE_EVERY = 10;

/**
 * The keys that sign and verify access tokens. Asymmetric ones are made here, once for all instances, and live in the
 * database; with HS256 the key is `JWT_SECRET` itself. Keys are held in memory as `KeyObject`s, so that verifying a
 * token waits neither for the database nor for libuv's pool, where bcrypt works.
 */
@Injectable()
export class KeysService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KeysService.name);
  private readonly stopping = new AbortController();
  private reloading: Promise<void> = Promise.resolve();
  private verificationKeys = new Map<string, VerificationKey>();
  /** Of the configured algorithm, by the time from which they sign. */
  private signingKeys: StoredKey[] = [];
  private lastReload = 0;

  constructor(
    private readonly em: EntityManager,
    private readonly store: KeyStore,
    private readonly usage: KeyUsage,
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: KeyLifetimes & Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS' | 'JWT_ALGORITHM'>,
  ) {}

  async onModuleInit(): Promise<void> {
    const { JWT_ALGORITHM: algorithm } = this.env;
    if (algorithm === 'HS256') {
      this.useSecrets();
      return;
    }
    const generation = await this.store.nextGeneration(this.em.fork(), algorithm);
    await this.reload();
    if (this.signingKeys.length > 0) return;
    await this.store.createFirst(algorithm, generation);
    await this.reload();
  }

  onApplicationBootstrap(): void {
    if (this.env.JWT_ALGORITHM !== 'HS256') this.reloading = this.keepUpToDate();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.reloading;
    // What is lost where the database is away are counts of the last seconds.
    await this.usage
      .store()
      .catch((error: unknown) => this.logger.debug({ err: error }, 'The use of keys is not stored'));
  }

  /** The key that signs new tokens: the newest that has become active. */
  signing(): SigningMaterial {
    const now = this.clock.now();
    const current = this.signingKeys.findLast(({ activeFrom }) => activeFrom <= now) ?? this.signingKeys[0];
    if (!current) throw new Error('No signing key: KeysService was used before it was initialised.');
    return current.material;
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
    return known?.algorithm === header.alg ? known.key : undefined;
  }

  /** Counts a token whose signature was found right: a forged one says nothing of whether its key is in use. */
  countVerified(token: string): void {
    const kid = parseTokenHeader(token)?.kid;
    if (kid !== undefined && this.verificationKeys.has(kid)) this.usage.count(kid);
  }

  /** True while this key verifies. For a token that it has verified before. */
  stillVerifies(kid: string): boolean {
    if (!this.verificationKeys.has(kid)) return false;
    this.usage.count(kid);
    return true;
  }

  /** The JWK set for other services (RFC 7517 section 5). Empty with HS256: its key is a secret. */
  jwks(): { keys: JsonWebKey[] } {
    const publicKeys = [...this.verificationKeys.values()].filter(({ algorithm }) => algorithm !== 'HS256');
    return { keys: publicKeys.map(publicJwk) };
  }

  /** Reads the keys again. A fault leaves the known ones in place. */
  async reload(): Promise<void> {
    this.lastReload = this.clock.epochSeconds();
    const keys = await this.store.usable();
    const now = this.clock.now();
    const signing = keys.filter(({ material }) => material.algorithm === this.env.JWT_ALGORITHM);
    const standing = keys.filter((key) => {
      const successor = signing.find((other) => other.activeFrom > key.activeFrom);
      return phaseOf(key, successor, now, this.env) !== 'retired';
    });
    // A table that was emptied is no reason to stop signing: the next run of the job makes a key.
    if (signing.length === 0 && this.signingKeys.length > 0) return;
    this.signingKeys = signing;
    this.verificationKeys = new Map(standing.map(({ material }) => [material.kid, material]));
  }

  private useSecrets(): void {
    const keys = [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS].map(materialOfSecret);
    this.verificationKeys = new Map(keys.map((key) => [key.kid, key]));
    this.signingKeys = keys.slice(0, 1).map((material) => ({ material, activeFrom: this.clock.now() }));
  }

  /** A made-up `kid` can cause one look into the database in each period. */
  private mayReload(): boolean {
    if (this.env.JWT_ALGORITHM === 'HS256') return false;
    // The distance, not the difference: a clock that was set back must not keep new keys out until it has caught up.
    return Math.abs(this.clock.epochSeconds() - this.lastReload) >= RELOAD_SECONDS;
  }

  private async keepUpToDate(): Promise<void> {
    for (let round = 1; !this.stopping.signal.aborted; round++) {
      await delay(RELOAD_SECONDS * 1000, undefined, { ref: false, signal: this.stopping.signal }).catch(
        () => undefined,
      );
      try {
        await this.reload();
        if (round % STORE_USAGE_EVERY === 0) await this.usage.store();
      } catch (error) {
        this.logger.debug({ err: error }, 'The signing keys could not be read again');
      }
    }
  }
}
