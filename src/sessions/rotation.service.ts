import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { AuditService } from '../audit/audit.service.js';
import type { ErrorSubject } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from '../database/direct-sql.js';
import { Transactions } from '../database/transactions.js';
import { isOfPresentPassword } from '../users/password-choice.js';
import { type FoundSession, GenuineSessions, type OwnedSession } from './genuine-sessions.js';
import { Impersonations } from './impersonations.service.js';
import { formatRefreshToken, parseRefreshToken } from './refresh-token.js';
import { decideRotation, type RotationDecision } from './rotation-decision.js';
import type { RefreshRefusal } from './session.errors.js';
import type { SessionRecord } from './session.entity.js';
import { sessionMaxAge } from './session-lifetime.js';
import { SessionsService } from './sessions.service.js';

export type Rotation =
  | ({ readonly kind: 'rotated' | 'same-successor'; readonly refreshToken: string } & OwnedSession)
  | { readonly kind: 'refused'; readonly refusal: RefreshRefusal; readonly subject?: ErrorSubject };

/** Whose session a token is of. */
export interface TokenSession {
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
  /** The user, or who acts as them. */
  readonly actorId: string;
  /** True: it began under the present password of the user. */
  readonly isOfPresentPassword: boolean;
}

/**
 * Exchanges a refresh token for its successor. Rotation is one conditional UPDATE, so of any number of callers, on any
 * number of instances, exactly one rotates; the others receive the same successor while the grace period lasts.
 * Refusals are returned, not thrown: what they revoke is committed before anybody can roll it back.
 */
@Injectable()
export class RotationService {
  constructor(
    private readonly sql: DirectSql,
    private readonly transactions: Transactions,
    private readonly genuine: GenuineSessions,
    private readonly sessions: SessionsService,
    private readonly impersonations: Impersonations,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: Pick<Env, 'REFRESH_GRACE_SECONDS' | 'REFRESH_TOKEN_TTL' | 'SESSION_MAX_AGE'>,
  ) {}

  async rotate(token: string, client: ClientInfo): Promise<Rotation> {
    const presented = parseRefreshToken(token);
    if (!presented) return { kind: 'refused', refusal: 'invalid' };
    for (let look = this.genuine.take(presented); ; look = this.genuine.find(presented)) {
      const owned = await look;
      if (!owned) return { kind: 'refused', refusal: 'invalid' };
      const decision = this.decide(presented.counter, owned);
      switch (decision.kind) {
        case 'rotate':
        case 'same-successor': {
          const isRotated = decision.kind === 'rotate';
          const session = await this.goOn(owned, client, isRotated);
          if (session) return this.successor(isRotated ? 'rotated' : 'same-successor', { ...owned, session });
          break; // Somebody else has rotated or revoked it since, or changed what may be done in it: look again.
        }
        case 'refuse':
          await this.raiseAlarm(decision, owned, client);
          return { kind: 'refused', refusal: decision.refusal, subject: subjectOf(owned) };
      }
    }
  }

  /** The session of a genuine token, current or not: enough to end it or to recognise a device, and for nothing else. */
  async sessionOf(token: string): Promise<TokenSession | undefined> {
    const presented = parseRefreshToken(token);
    const owned = presented && (await this.genuine.find(presented));
    return owned && namedBy(owned);
  }

  /** The session of a genuine token that was not rotated away, alive or not. */
  async currentSessionOf(token: string): Promise<TokenSession | undefined> {
    const presented = parseRefreshToken(token);
    const owned = presented && (await this.genuine.find(presented));
    return owned && owned.session.refreshCounter === presented.counter ? namedBy(owned) : undefined;
  }

  private decide(counter: number, { session, user }: OwnedSession): RotationDecision {
    const state = {
      refreshCounter: session.refreshCounter,
      rotatedAt: session.rotatedAt,
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      revokedAt: session.revokedAt ?? null,
      userDisabledAt: user.disabledAt ?? null,
    };
    return decideRotation(counter, state, this.clock.now(), {
      graceSeconds: this.env.REFRESH_GRACE_SECONDS,
      sessionMaxAgeSeconds: sessionMaxAge(session, this.env),
    });
  }

  /** The session as it is afterwards; undefined when it is no longer the one that was read. */
  private goOn(owned: OwnedSession, client: ClientInfo, isRotated: boolean): Promise<SessionRecord | undefined> {
    return this.transactions.runApart(async (em) => {
      if (!(await this.impersonations.isStillGood(em, owned.session, owned.user))) return undefined;
      const session = isRotated ? await this.advance(em, owned) : owned.session;
      if (session) await this.recordRefresh(em, owned, client);
      return session;
    });
  }

  /** One conditional UPDATE. Undefined when it was not this call that rotated. */
  private async advance(em: EntityManager, { session }: OwnedSession): Promise<SessionRecord | undefined> {
    const now = this.clock.now();
    // Never earlier than before: a clock that is set back for a moment must not bring the end of the session nearer.
    const lastActiveAt = now > session.lastActiveAt ? now : session.lastActiveAt;
    const expiresAt = await this.sessions.endOf(em, session, lastActiveAt);
    const { id, refreshCounter } = session;
    const changed = await this.sql.change(
      em,
      sql`update sessions set refresh_counter = refresh_counter + 1, rotated_at = ${this.sql.fromDate(now)},
          last_active_at = ${this.sql.fromDate(lastActiveAt)}, expires_at = ${this.sql.fromDate(expiresAt)}
        where id = ${id} and refresh_counter = ${refreshCounter} and revoked_at is null`,
    );
    const next = { ...session, refreshCounter: refreshCounter + 1, rotatedAt: now, lastActiveAt, expiresAt };
    return changed === 1 ? next : undefined;
  }

  private recordRefresh(em: EntityManager, owned: OwnedSession, client: ClientInfo): Promise<void> {
    const { userId, sessionId } = subjectOf(owned);
    const actorId = owned.session.impersonatorId ?? userId;
    return this.audit.insert(em, 'session.refreshed', { actorId, subjectId: userId, sessionId, client });
  }

  private successor(kind: 'rotated' | 'same-successor', found: FoundSession): Rotation {
    const { session, user, roles, refreshKey } = found;
    const refreshToken = formatRefreshToken(refreshKey, session.id, session.refreshCounter);
    return { kind, session, user, roles, refreshToken };
  }

  /** Reuse ends this session and it alone; the other devices of the user are not under suspicion. */
  private async raiseAlarm(
    { alarm }: Extract<RotationDecision, { kind: 'refuse' }>,
    { session, user }: OwnedSession,
    client: ClientInfo,
  ): Promise<void> {
    if (!alarm) return;
    const { impersonatorId: actorId } = session;
    const facts = { ...(actorId && { actorId }), subjectId: user.id, sessionId: session.id, client };
    await this.transactions.runApart(async (em) => {
      if (alarm === 'reused') await this.sessions.revoke(em, user.id, { id: session.id }, 'refresh_reused');
      this.audit.record(em, alarm === 'reused' ? 'session.refresh_reused' : 'session.refresh_unknown_counter', facts);
    });
  }
}

const subjectOf = ({ session, user }: OwnedSession): ErrorSubject => ({
  userId: user.id,
  sessionId: session.id,
  ...(session.impersonatorId && { impersonatorId: session.impersonatorId }),
});

const namedBy = ({ session, user }: OwnedSession): TokenSession => ({
  userId: user.id,
  email: user.email,
  sessionId: session.id,
  actorId: session.impersonatorId ?? user.id,
  isOfPresentPassword: isOfPresentPassword(session, user),
});
