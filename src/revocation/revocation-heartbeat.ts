import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { ENV, type Env } from '../config/env.js';
import { isSqlite } from '../database/orm.options.js';
import { SharedStore } from '../store/shared-store.js';
import { dropRevocationList, readRevocationRow, replaceRevocationList, type RevocationRow } from './revocation-row.js';
import { formatList, type RedisState, type RevocationListId, RevocationStore } from './revocation-store.js';

const HEARTBEAT_MS = 100;

/** How long a list is trusted after the heartbeat that found it good. Whoever gives a list up waits for so long. */
export const LEASE_MS = 300;

/** A new list knows tokens that are issued so long after it began: all instances write to it by then. */
const SINCE_MARGIN_SECONDS = 60;

/** What clocks may differ by. Within `SINCE_MARGIN_SECONDS` and the slack of the marks. */
const CLOCK_TOLERANCE_MS = 5_000;

/** An outage that is longer gives the list up, so that revocations need not wait for those who trust it. */
const OUTAGE_MS = 1_000;

const EVICTS = 'Redis may evict keys. Set its maxmemory-policy to noeviction.';
const CLOCKS_DIFFER = `the clocks of this server and of Redis differ by over ${CLOCK_TOLERANCE_MS / 1000} s. Synchronise them (NTP).`;

/** A list that is good until the lease ends. Times of `performance.now()` unless said otherwise. */
export interface Trust {
  readonly list: RevocationListId;
  readonly until: number;
  /** `Date` minus `performance.now()`, in milliseconds: it changes when the clock is set. */
  readonly clockOffset: number;
}

/** Finds out, several times a second, which list of revocations may be trusted, and begins one where there is none. */
@Injectable()
export class RevocationHeartbeat implements OnApplicationBootstrap, OnModuleDestroy {
  /** Undefined without Redis, and on SQLite: it has one process, and answers faster than Redis. */
  readonly redis: RevocationStore | undefined;
  private readonly logger = new Logger('RevocationList');
  private readonly stopping = new AbortController();
  private beating: Promise<void> = Promise.resolve();
  private trusted: Trust | undefined;
  /** Goes up with every reason to distrust: what a heartbeat learned before it is worth nothing. */
  private reasons = 0;
  /** The first heartbeat that found no list, and which loss of it that was. */
  private noList: { readonly at: number; readonly droppedAt: number | null } | undefined;
  private lastHeard = performance.now();
  private hasGivenUp = false;
  private latest = 0;
  private doubt: string | undefined;

  constructor(
    private readonly em: EntityManager,
    private readonly store: SharedStore,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'ACCESS_TOKEN_TTL' | 'DATABASE_URL'>,
  ) {
    if (!store.client || isSqlite(env.DATABASE_URL)) return;
    this.redis = new RevocationStore(store.client);
    // What Redis forgot while nobody was connected is forgotten for good.
    for (const event of ['close', '-node']) store.client.on(event, () => this.distrust());
  }

  onApplicationBootstrap(): void {
    if (this.redis) this.beating = this.beat(this.redis);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.beating;
  }

  get trust(): Trust | undefined {
    return this.trusted;
  }

  distrust(): void {
    this.reasons += 1;
    this.trusted = undefined;
  }

  /** False once the lease is over, and when this server's clock was set since. */
  isCurrent({ until, clockOffset }: Trust): boolean {
    return performance.now() < until && Math.abs(this.clockOffset() - clockOffset) < CLOCK_TOLERANCE_MS;
  }

  /** How long this instance has known of this loss of the list, in milliseconds. Undefined when it does not know of it. */
  knownLoss(droppedAt: number): number | undefined {
    return this.noList?.droppedAt === droppedAt ? performance.now() - this.noList.at : undefined;
  }

  private async beat(redis: RevocationStore): Promise<void> {
    while (!this.stopping.signal.aborted) {
      // Where the database does not answer, nobody can tell which list is good.
      await this.heartbeat(redis).catch(() => this.distrust());
      await delay(HEARTBEAT_MS, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async heartbeat(redis: RevocationStore): Promise<void> {
    const started = performance.now();
    const { reasons } = this;
    const state = await this.ask(redis);
    const row = await readRevocationRow(this.em.fork());
    this.noList = this.lossOf(row);
    if (!state) {
      this.distrust();
      await this.outage(started, row.list);
      return;
    }
    this.lastHeard = started;
    this.hasGivenUp = false;
    const doubt = this.doubtOf(state);
    // What others say of the time is not said again: where they were wrong it would never be forgotten.
    if (doubt === undefined) this.latest = Math.max(this.latest, state.now);
    const { list } = state;
    const isGood = list !== undefined && list.text === row.list && isComplete(list, state);
    const trust = isGood ? { list, until: started + LEASE_MS, clockOffset: this.clockOffset() } : undefined;
    this.trusted = doubt === undefined && reasons === this.reasons ? trust : undefined;
    if (!isGood && doubt === undefined) await this.begin(redis, state, row.list);
  }

  private lossOf({ list, droppedAt }: RevocationRow): RevocationHeartbeat['noList'] {
    if (list !== null) return undefined;
    return this.noList?.droppedAt === droppedAt ? this.noList : { at: performance.now(), droppedAt };
  }

  private async ask(redis: RevocationStore): Promise<RedisState | undefined> {
    if (!this.store.isReady) return undefined;
    return this.store.within(redis.heartbeat(this.latest)).catch(() => undefined);
  }

  /** Gives the list up once, so that the revocations of a long outage need not wait. */
  private async outage(now: number, list: string | null): Promise<void> {
    if (this.hasGivenUp || now - this.lastHeard < OUTAGE_MS) return;
    this.hasGivenUp = true;
    if (list !== null) await dropRevocationList(this.em.fork(), this.clock.now());
  }

  /** Why this instance asks the database although Redis is there. Logged when it changes. */
  private doubtOf({ now, evicts }: RedisState): string | undefined {
    const isOff = Math.abs(this.clock.now().getTime() - now) > CLOCK_TOLERANCE_MS;
    const doubt = evicts ? EVICTS : isOff ? CLOCKS_DIFFER : undefined;
    if (doubt && doubt !== this.doubt) this.logger.warn(`Revocation is checked in the database: ${doubt}`);
    this.doubt = doubt;
    return doubt;
  }

  /** The condition makes one instance begin it; the others find it at their next heartbeat. */
  private async begin(redis: RevocationStore, state: RedisState, former: string | null): Promise<void> {
    const since = Math.ceil(state.latest / 1000) + SINCE_MARGIN_SECONDS;
    const list = formatList(state.runId, since, this.env.ACCESS_TOKEN_TTL, newId());
    await this.em.fork().transactional(async (em) => {
      if (await replaceRevocationList(em, former, list.text))
        await this.store.within(state.keepsFalseTime ? redis.beginAnew(list) : redis.begin(list));
    });
  }

  private clockOffset(): number {
    return this.clock.now().getTime() - performance.now();
  }
}

/** Nothing can have fallen off the list since it began, and it began at a time that was right. */
function isComplete(list: RevocationListId, { runId, now, latest, keepsFalseTime }: RedisState): boolean {
  // A clock that was set back lets tokens live that a mark did not outlive, so a list from before that is of no use.
  const wentBack = latest - now > CLOCK_TOLERANCE_MS;
  const isAhead = list.since * 1000 > latest + SINCE_MARGIN_SECONDS * 1000 + CLOCK_TOLERANCE_MS;
  return list.runId === runId && !keepsFalseTime && !isAhead && !(wentBack && list.since * 1000 < latest);
}
