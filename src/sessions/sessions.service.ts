import { EntityManager, LockMode } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from '../database/direct-sql.js';
import { Metrics } from '../telemetry/metrics.js';
import type { User, UserRecord } from '../users/user.entity.js';
import { formatRefreshToken, newRefreshSalt, refreshKeyOf } from './refresh-token.js';
import { RevocationList } from '../revocation/revocation-list.js';
import type { Revoked } from '../revocation/revocation-store.js';
import { voidBegunChanges } from './begun-changes.js';
import { ImpersonatedSessions } from './impersonated-sessions.js';
import type { RevocationReason, WhichSessions } from './session-end.js';
import { Session, type SessionRecord } from './session.entity.js';
import { sessionEnd } from './session-lifetime.js';

/** An administrator who acts as a user, and the session of their own in which they do it. */
export interface Impersonator {
  readonly userId: string;
  readonly sessionId: string;
}

/** What the end of a session depends on. */
type BegunSession = Pick<SessionRecord, 'createdAt' | 'impersonatorId' | 'impersonatorSessionId'>;

/**
 * Starts, lists and ends sessions. A revocation is one conditional UPDATE together with its marks, and takes effect on the
 * next request of every instance (see `session-check.service.ts`).
 */
@Injectable()
export class SessionsService {
  constructor(
    private readonly em: EntityManager,
    private readonly sql: DirectSql,
    private readonly clock: Clock,
    private readonly revocations: RevocationList,
    private readonly impersonated: ImpersonatedSessions,
    private readonly metrics: Metrics,
    @Inject(ENV)
    private readonly env: Pick<Env, 'JWT_SECRET' | 'REFRESH_TOKEN_TTL' | 'SESSION_MAX_AGE' | 'MAX_SESSIONS_PER_USER'>,
  ) {}

  /**
   * Adds a session to the transaction of `em`, ending the longest idle one when the user has as many as allowed. One in which
   * an administrator acts as the user takes no place from them: it ends the one that the same administrator had before.
   * The caller holds the user's row, which is in the database already, so that two logins at once do not exceed the limit.
   */
  async start(
    em: EntityManager,
    user: UserRecord,
    client: ClientInfo,
    authMethods: readonly string[],
    impersonator?: Impersonator,
  ): Promise<SessionRecord> {
    if (impersonator) await this.impersonated.endFormer(em, { actorId: impersonator.userId, userId: user.id });
    else await this.makeRoom(em, user.id);
    this.metrics.sessionsStarted.inc();
    const now = this.clock.now();
    const begun = {
      createdAt: now,
      impersonatorId: impersonator?.userId ?? null,
      impersonatorSessionId: impersonator?.sessionId ?? null,
    };
    const session = {
      ...begun,
      id: newId(),
      refreshSalt: newRefreshSalt(),
      refreshCounter: 0,
      rotatedAt: now,
      passwordChangedAt: user.passwordChangedAt ?? null,
      lastActiveAt: now,
      expiresAt: await this.endOf(em, begun, now),
      revokedAt: null,
      revokedReason: null,
      ipAddress: client.ipAddress,
      userAgent: client.userAgent,
      authMethods: [...authMethods],
    };
    await this.insert(em, user.id, session);
    return session;
  }

  /** When a session ends that is active now, as it is in the transaction of `em`. */
  async endOf(em: EntityManager, session: BegunSession, now: Date): Promise<Date> {
    return sessionEnd(session, now, this.env, await this.impersonated.openersEnd(em, session));
  }

  /** The refresh token that is current for this session. */
  refreshTokenOf({ id, refreshSalt, refreshCounter }: SessionRecord): string {
    return formatRefreshToken(refreshKeyOf(this.env.JWT_SECRET, refreshSalt), id, refreshCounter);
  }

  /** The live sessions of the users, the most recently active first. One statement for any number of users. */
  listLive(userIds: readonly string[]): Promise<Session[]> {
    const where = { ...this.live(), user: { $in: [...userIds] } };
    return this.em.find(Session, where, { orderBy: { lastActiveAt: 'desc', id: 'desc' } });
  }

  /** True when the user has had a session of the same client at the same address under the present password. */
  async hasSeen(em: EntityManager, user: UserRecord, { ipAddress, userAgent }: ClientInfo): Promise<boolean> {
    const [seen] = await this.sql.rows(
      sql`select 1 from sessions where user_id = ${user.id} and ip_address is not distinct from ${ipAddress}
          and user_agent is not distinct from ${userAgent}
          and password_changed_at is not distinct from ${this.fromMoment(user.passwordChangedAt)} and impersonator_id is null limit 1`,
      em,
    );
    return seen !== undefined;
  }

  /** Locks the session, and tells whether it is alive. */
  async holdAlive(em: EntityManager, userId: string, id: string): Promise<boolean> {
    const where = { ...this.live(), id, user: userId };
    return (await em.findOne(Session, where, { lockMode: LockMode.PESSIMISTIC_WRITE })) !== null;
  }

  /**
   * Ends the live ones of these sessions, with what was opened from them or begun in them, and tells how many of the user's
   * there were.
   */
  async revoke(em: EntityManager, userId: string, which: WhichSessions, reason: RevocationReason): Promise<number> {
    const where = { ...this.live(), user: userId, ...(which === 'all' ? {} : { id: which.id }) };
    const ended = await em.nativeUpdate(Session, where, { revokedAt: this.clock.now(), revokedReason: reason });
    this.metrics.sessionsRevoked.inc({ reason }, ended);
    if (ended > 0) await this.revocations.record(em, revokedBy(userId, which));
    // Their own session may have ended by itself meanwhile: what they opened from it would go on.
    if (ended > 0 || which === 'all') await this.impersonated.endOpenedBy(em, userId, which);
    // Whoever logs out of a session still wants what they asked for in it.
    if (reason !== 'logout' || which === 'all') await voidBegunChanges(em, userId, which);
    return ended;
  }

  /** Makes every access token of the user stale: the next refresh brings one that knows what has changed. */
  async outdateTokens(em: EntityManager, user: User): Promise<void> {
    user.version += 1;
    await this.revocations.record(em, [{ userId: user.id }]);
  }

  private live() {
    return { revokedAt: null, expiresAt: { $gt: this.clock.now() } };
  }

  private async insert(em: EntityManager, userId: string, session: SessionRecord): Promise<void> {
    const { id, refreshSalt, refreshCounter, ipAddress, userAgent, impersonatorId, impersonatorSessionId } = session;
    const password = this.fromMoment(session.passwordChangedAt);
    const moments = [session.rotatedAt, session.createdAt, session.lastActiveAt, session.expiresAt];
    await this.sql.change(
      em,
      sql`insert into sessions
        (id, user_id, refresh_salt, refresh_counter, password_changed_at, rotated_at, created_at, last_active_at, expires_at,
          ip_address, user_agent, auth_methods, impersonator_id, impersonator_session_id)
        values (${id}, ${userId}, ${refreshSalt}, ${refreshCounter}, ${password},
          ${sql.join(moments.map((moment) => this.sql.fromDate(moment)))},
          ${ipAddress}, ${userAgent}, ${JSON.stringify(session.authMethods)}, ${impersonatorId}, ${impersonatorSessionId})`,
    );
  }

  private fromMoment(moment: Date | null | undefined): unknown {
    return moment ? this.sql.fromDate(moment) : null;
  }

  private async makeRoom(em: EntityManager, userId: string): Promise<void> {
    const [live] = await this.sql.rows(
      sql<{ count: number | string }>`select count(*) as count from sessions where user_id = ${userId}
        and revoked_at is null and expires_at > ${this.sql.fromDate(this.clock.now())} and impersonator_id is null`,
      em,
    );
    const excess = Number(live?.count) - this.env.MAX_SESSIONS_PER_USER + 1;
    if (excess <= 0) return;
    const where = { ...this.live(), user: userId, impersonatorId: null };
    const oldest = await em.find(Session, where, { orderBy: { lastActiveAt: 'asc', id: 'asc' }, limit: excess });
    await this.revoke(em, userId, { id: { $in: oldest.map(({ id }) => id) } }, 'session_limit');
  }
}

/** Who is marked: each session, or the user, where nobody has counted them. */
function revokedBy(userId: string, which: WhichSessions): Revoked[] {
  if (which === 'all') return [{ userId }];
  if (typeof which.id === 'string') return [{ sessionId: which.id }];
  return '$in' in which.id ? which.id.$in.map((sessionId) => ({ sessionId })) : [{ userId }];
}
