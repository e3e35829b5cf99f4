import { EntityManager, type Loaded } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ErrorSubject } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { formatRefreshToken, isGenuine, type ParsedRefreshToken, parseRefreshToken } from './refresh-token.js';
import { decideRotation, type RotationDecision } from './rotation-decision.js';
import type { RefreshRefusal } from './session.errors.js';
import { Session } from './session.entity.js';
import { sessionEnd, sessionMaxAge } from './session-lifetime.js';
import { SessionsService } from './sessions.service.js';

export type RotatedSession = Loaded<Session, 'user.roles'>;

export type Rotation =
  | { readonly kind: 'rotated' | 'same-successor'; readonly session: RotatedSession; readonly refreshToken: string }
  | { readonly kind: 'refused'; readonly refusal: RefreshRefusal; readonly subject?: ErrorSubject };

/** Whose session a token is of. */
export interface TokenSession {
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
  /** The user, or who acts as them. */
  readonly actorId: string;
}

/**
 * Exchanges a refresh token for its successor. Rotation is one conditional UPDATE, so of any number of callers, on any
 * number of instances, exactly one rotates; the others receive the same successor while the grace period lasts.
 * Refusals are returned, not thrown: what they revoke is committed before anybody can roll it back.
 */
@Injectable()
export class RotationService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: Pick<
      Env,
      'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS' | 'REFRESH_GRACE_SECONDS' | 'REFRESH_TOKEN_TTL' | 'SESSION_MAX_AGE'
    >,
  ) {}

  async rotate(token: string, client: ClientInfo): Promise<Rotation> {
    const presented = parseRefreshToken(token);
    if (!presented) return { kind: 'refused', refusal: 'invalid' };
    for (;;) {
      const session = await this.genuineSession(presented);
      if (!session) return { kind: 'refused', refusal: 'invalid' };
      const decision = this.decide(presented.counter, session);
      switch (decision.kind) {
        case 'rotate':
          if (await this.advance(session, client)) return this.successor('rotated', session);
          // Somebody else rotated or revoked between our read and our UPDATE: look again. The counter only grows,
          // so the second look never decides to rotate.
          continue;
        case 'same-successor':
          await this.transactions.runApart(async (em) => this.recordRefresh(em, session, client));
          return this.successor('same-successor', session);
        case 'refuse':
          await this.raiseAlarm(decision, session, client);
          return { kind: 'refused', refusal: decision.refusal, subject: subjectOf(session) };
      }
    }
  }

  /** The session of a genuine token, current or not: enough to end it or to recognise a device, and for nothing else. */
  async sessionOf(token: string): Promise<TokenSession | undefined> {
    const presented = parseRefreshToken(token);
    const session = presented && (await this.genuineSession(presented));
    if (!session) return undefined;
    const { user, id: sessionId, impersonatorId } = session;
    return { userId: user.id, email: user.$.email, sessionId, actorId: impersonatorId ?? user.id };
  }

  /**
   * The session that a token was made for, if this server made it. Read into an entity manager of its own: always
   * fresh, and never flushed by another resolver of the request.
   */
  private async genuineSession(token: ParsedRefreshToken): Promise<RotatedSession | undefined> {
    const options = { populate: ['user.roles'], strategy: 'joined' } as const;
    const session = await this.em.fork().findOne(Session, { id: token.sessionId }, options);
    const secrets = [this.env.JWT_SECRET, ...this.env.JWT_PREVIOUS_SECRETS];
    return session && isGenuine(token, session.refreshSalt, secrets) ? session : undefined;
  }

  private decide(counter: number, session: RotatedSession): RotationDecision {
    const state = {
      refreshCounter: session.refreshCounter,
      rotatedAt: session.rotatedAt,
      createdAt: session.createdAt,
      expiresAt: session.expiresAt,
      revokedAt: session.revokedAt ?? null,
      userDisabledAt: session.user.$.disabledAt ?? null,
    };
    return decideRotation(counter, state, this.clock.now(), {
      graceSeconds: this.env.REFRESH_GRACE_SECONDS,
      sessionMaxAgeSeconds: sessionMaxAge(session, this.env),
    });
  }

  /** The conditional UPDATE. True when this call rotated; the entity then holds what the row holds. */
  private async advance(session: RotatedSession, client: ClientInfo): Promise<boolean> {
    const now = this.clock.now();
    // Never earlier than before: a clock that is set back for a moment must not bring the end of the session nearer.
    const lastActiveAt = now > session.lastActiveAt ? now : session.lastActiveAt;
    const next = {
      refreshCounter: session.refreshCounter + 1,
      rotatedAt: now,
      lastActiveAt,
      expiresAt: sessionEnd(session, lastActiveAt, this.env),
    };
    const current = { id: session.id, refreshCounter: session.refreshCounter, revokedAt: null };
    const isFirst = await this.transactions.runApart(async (em) => {
      const isUpdated = (await em.nativeUpdate(Session, current, next)) === 1;
      if (isUpdated) this.recordRefresh(em, session, client);
      return isUpdated;
    });
    if (isFirst) Object.assign(session, next);
    return isFirst;
  }

  private recordRefresh(em: EntityManager, session: RotatedSession, client: ClientInfo): void {
    const { userId, sessionId } = subjectOf(session);
    const actorId = session.impersonatorId ?? userId;
    this.audit.record(em, 'session.refreshed', { actorId, subjectId: userId, sessionId, client });
  }

  private successor(kind: 'rotated' | 'same-successor', session: RotatedSession): Rotation {
    const refreshToken = formatRefreshToken(this.env.JWT_SECRET, session, session.refreshCounter);
    return { kind, session, refreshToken };
  }

  /** Reuse ends this session and it alone; the other devices of the user are not under suspicion. */
  private async raiseAlarm(
    { alarm }: Extract<RotationDecision, { kind: 'refuse' }>,
    session: RotatedSession,
    client: ClientInfo,
  ): Promise<void> {
    if (!alarm) return;
    const facts = { subjectId: session.user.id, sessionId: session.id, client };
    await this.transactions.runApart(async (em) => {
      if (alarm === 'reused') {
        await this.sessions.revoke(em, session.user.id, { id: session.id }, 'refresh_reused');
      }
      this.audit.record(em, alarm === 'reused' ? 'session.refresh_reused' : 'session.refresh_unknown_counter', facts);
    });
  }
}

const subjectOf = (session: RotatedSession): ErrorSubject => ({ userId: session.user.id, sessionId: session.id });
