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
import { IS_SERVER } from '../config/is-server.js';
import { materialOfSecret, publicJwk, type SigningMaterial, type VerificationKey } from './key-material.js';
import { phaseOf, type KeyLifetimes } from './key-phase.js';
import { KeyStore, type StoredKey } from './key-store.js';
import { KeyUsage } from './key-usage.js';
import { parseTokenHeader } from './token-header.js';

/** How soon every instance knows a key that another one made, and a key that was revoked. */
export const RELOAD_SECONDS = 1;

const STALE =
  'The signing keys cannot be read again. Until they can, a key that was revoked meanwhile is accepted here.';

/** Every so many reloads the counts are stored. */
const STORE_USAGE_EVERY = 10;

/**
 * The keys that sign and verify access tokens. Asymmetric ones are made by a server, once for all instances, and live in the
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
  private signingKeys: Pick<StoredKey, 'material' | 'activeFrom'>[] = [];
  private lastReload = 0;
  /** How many reads have begun, and which of them is in use. */
  private reads = 0;
  private usedRead = 0;
  private isReloadFailing = false;

  constructor(
    private readonly store: KeyStore,
    private readonly usage: KeyUsage,
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: KeyLifetimes & Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS' | 'JWT_ALGORITHM'>,
    @Inject(IS_SERVER) private readonly isServer: boolean,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.env.JWT_ALGORITHM === 'HS256') this.useSecrets();
    else await this.reload();
  }

  onApplicationBootstrap(): void {
    if (this.isServer && this.env.JWT_ALGORITHM !== 'HS256') this.reloading = this.keepUpToDate();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.reloading;
    await this.storeUsage();
  }

  /** The key that signs new tokens: the newest that has become active. */
  signing(): SigningMaterial {
    const now = this.clock.now();
    const current = this.signingKeys.findLast(({ activeFrom }) => activeFrom <= now) ?? this.signingKeys[0];
    if (!current) throw new Error('There is no signing key');
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

  /**
   * Reads the keys again: one whose row is retired or gone neither signs nor verifies any more, and where none is left that
   * signs, a server makes one. A fault leaves the known ones in place.
   */
  async reload(): Promise<void> {
    this.lastReload = this.clock.epochSeconds();
    const { JWT_ALGORITHM: algorithm } = this.env;
    let read = (this.reads += 1);
    let keys = await this.store.usable();
    if (this.isServer && algorithm !== 'HS256' && !keys.some((key) => key.algorithm === algorithm)) {
      await this.store.makeMissing(algorithm, this.signingKeys.length > 0);
      read = this.reads += 1;
      keys = await this.store.usable();
    }
    // A slow read ends after one that began later: it may still hold a key that was revoked meanwhile.
    if (read > this.usedRead) this.use(keys, read);
  }

  private use(keys: readonly StoredKey[], read: number): void {
    this.usedRead = read;
    const now = this.clock.now();
    const signing = keys.filter(({ algorithm }) => algorithm === this.env.JWT_ALGORITHM);
    const standing = keys.filter((key) => {
      const successor = signing.find((other) => other.activeFrom > key.activeFrom);
      return phaseOf(key, successor, now, this.env) !== 'retired';
    });
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
      await this.tryToReload();
      if (round % STORE_USAGE_EVERY === 0) await this.storeUsage();
    }
  }

  /** Says once that it does not work, and not each second. */
  private async tryToReload(): Promise<void> {
    try {
      await this.reload();
      this.isReloadFailing = false;
    } catch (error) {
      if (!this.isReloadFailing) this.logger.warn({ err: error }, STALE);
      this.isReloadFailing = true;
    }
  }

  /** What is lost where the database is away are counts of the last seconds. */
  private async storeUsage(): Promise<void> {
    await this.usage
      .store()
      .catch((error: unknown) => this.logger.debug({ err: error }, 'The use of keys is not stored'));
  }
}
