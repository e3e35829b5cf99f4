import { EntityManager, type EventSubscriber, type TransactionEventArgs } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { isSqlite } from '../database/orm.options.js';
import { SharedStore } from '../store/shared-store.js';
import { Metrics } from '../telemetry/metrics.js';
import { LEASE_MS, RevocationHeartbeat, type Trust } from './revocation-heartbeat.js';
import { dropRevocationList, readRevocationRow } from './revocation-row.js';
import type { Revoked, RevocationListId } from './revocation-store.js';

/** What has to be known of an access token. Times are epoch seconds (RFC 7519 section 4.1). */
interface TokenClaims {
  readonly sid: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
}

/** How long after its loss a list may be trusted, where no heartbeat has seen the loss. Generous: clocks differ. */
const JUST_DROPPED_MS = 30_000;

/**
 * The revocations of the last minutes in Redis, which spare most requests the question to the database. The truth stays
 * there: the list can say "nothing was revoked" and no more, and whatever is in doubt is a reason to ask (docs/adr/0016).
 *
 * Who revokes marks it on the list, inside of the transaction. Who can not mark it gives the list up in the database, and
 * waits until nobody trusts it any more.
 */
@Injectable()
export class RevocationList implements EventSubscriber {
  private readonly waiting = new WeakSet<EntityManager>();

  constructor(
    private readonly heartbeat: RevocationHeartbeat,
    private readonly store: SharedStore,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Inject(ENV) private readonly env: Pick<Env, 'ACCESS_TOKEN_TTL' | 'DATABASE_URL'>,
    em: EntityManager,
  ) {
    em.getEventManager().registerSubscriber(this);
  }

  /** True when the session of these claims was certainly not revoked. False is no refusal: it means "ask the database". */
  async vouchesFor(claims: TokenClaims): Promise<boolean> {
    const { redis, trust } = this.heartbeat;
    if (!redis) return false;
    if (!trust || !this.store.isReady) {
      this.metrics.redisFallbacks.inc({ use: 'revocation' });
      return false;
    }
    if (!this.covers(trust, claims)) return false;
    try {
      const isClear = await this.store.within(redis.isClear(trust.list, claims.sid, claims.sub));
      // The lease is looked at again: it may have ended while Redis was being asked.
      return isClear && this.heartbeat.isCurrent(trust);
    } catch {
      this.metrics.redisFallbacks.inc({ use: 'revocation' });
      return false;
    }
  }

  /** Part of every transaction that revokes. Its commit returns when no instance can miss the revocation any more. */
  async record(em: EntityManager, revoked: readonly Revoked[]): Promise<void> {
    if (isSqlite(this.env.DATABASE_URL)) return;
    await this.keepOnly(em, await this.mark(revoked));
  }

  /** For more revocations than could be marked one by one. Until there is a new list, every instance asks the database. */
  async giveUp(em: EntityManager): Promise<void> {
    if (!isSqlite(this.env.DATABASE_URL)) await this.keepOnly(em, undefined);
  }

  private async keepOnly(em: EntityManager, marked: RevocationListId | undefined): Promise<void> {
    const { list, droppedAt } = await readRevocationRow(em);
    if (list === null ? !this.mayBeTrusted(droppedAt) : list === marked?.text) return;
    if (list !== null) await dropRevocationList(em, this.clock.now());
    this.waiting.add(em);
  }

  async afterTransactionCommit({ em }: TransactionEventArgs): Promise<void> {
    if (!this.waiting.delete(em)) return;
    this.heartbeat.distrust();
    await delay(LEASE_MS);
  }

  private covers(trust: Trust, { iat, exp }: TokenClaims): boolean {
    const { since, tokenTtl } = trust.list;
    const isAlive = this.clock.epochSeconds() < exp;
    return this.heartbeat.isCurrent(trust) && isAlive && iat >= since && exp - iat <= tokenTtl;
  }

  private async mark(revoked: readonly Revoked[]): Promise<RevocationListId | undefined> {
    const { redis } = this.heartbeat;
    if (!redis || !this.store.isReady) return undefined;
    try {
      const list = await this.store.within(redis.mark(revoked, this.env.ACCESS_TOKEN_TTL));
      // Marks of ours do not outlive the tokens of an instance with a longer setting.
      return list && list.tokenTtl <= this.env.ACCESS_TOKEN_TTL ? list : undefined;
    } catch {
      return undefined;
    }
  }

  /** True when somebody may not have noticed yet that the list was given up. */
  private mayBeTrusted(droppedAt: number | null): boolean {
    if (droppedAt === null) return false;
    const known = this.heartbeat.knownLoss(droppedAt);
    if (known !== undefined) return known < LEASE_MS;
    return Math.abs(this.clock.now().getTime() - droppedAt) < JUST_DROPPED_MS;
  }
}
