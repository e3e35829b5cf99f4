import type { EntityManager, FilterQuery } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { Metrics } from '../telemetry/metrics.js';
import type { RevocationReason, WhichSessions } from './session-end.js';
import { Session, type SessionRecord } from './session.entity.js';

/** Who acts, and as whom. */
export interface Acting {
  readonly actorId: string;
  readonly userId: string;
}

/** A session, as far as it says from which other one it was opened. */
type OpenedSession = Pick<SessionRecord, 'impersonatorSessionId'>;

/** The live sessions in which an administrator acts as a user. */
@Injectable()
export class ImpersonatedSessions {
  constructor(
    private readonly revocations: RevocationList,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** @param userId who acts in them, or is acted as; without it, all */
  async list(em: EntityManager, userId?: string): Promise<(Acting & { readonly id: string })[]> {
    const either = userId === undefined ? {} : { $or: [{ impersonatorId: userId }, { user: userId }] };
    const where = { ...this.live(), ...either };
    const opened = await em.find(Session, where, { fields: ['id', 'impersonatorId', 'user'] });
    return opened.map(({ id, impersonatorId, user }) => ({ id, actorId: impersonatorId ?? '', userId: user.id }));
  }

  /** When the session ends by itself from which this one was opened. Undefined: the user has opened it. */
  async openersEnd(em: EntityManager, { impersonatorSessionId: id }: OpenedSession): Promise<Date | undefined> {
    if (!id) return undefined;
    return (await em.findOne(Session, { id }, { fields: ['expiresAt'] }))?.expiresAt;
  }

  /** True while the session lasts from which this one was opened. */
  async isOpenerAlive(em: EntityManager, { impersonatorSessionId }: OpenedSession): Promise<boolean> {
    const where = { id: impersonatorSessionId ?? '', revokedAt: null, expiresAt: { $gt: this.clock.now() } };
    return (await em.count(Session, where)) > 0;
  }

  /** Ends those that the user has opened as somebody else, from these of their own. */
  async endOpenedBy(em: EntityManager, userId: string, from: WhichSessions): Promise<void> {
    const opener = from === 'all' ? {} : { impersonatorSessionId: from.id };
    await this.leave(em, { impersonatorId: userId, ...opener });
  }

  /** Ends what the actor has open as the user, before they open another: there is one at a time. */
  endFormer(em: EntityManager, { actorId, userId }: Acting): Promise<void> {
    return this.leave(em, { impersonatorId: actorId, user: userId });
  }

  async end(em: EntityManager, ids: readonly string[], reason: RevocationReason): Promise<void> {
    if (ids.length === 0) return;
    const end = { revokedAt: this.clock.now(), revokedReason: reason };
    const ended = await em.nativeUpdate(Session, { id: { $in: [...ids] }, revokedAt: null }, end);
    this.metrics.sessionsRevoked.inc({ reason }, ended);
    await this.revocations.record(
      em,
      ids.map((sessionId) => ({ sessionId })),
    );
  }

  private async leave(em: EntityManager, which: FilterQuery<Session>): Promise<void> {
    const opened = await em.find(Session, { $and: [this.live(), which] }, { fields: ['id'] });
    await this.end(
      em,
      opened.map(({ id }) => id),
      'impersonator_left',
    );
  }

  private live() {
    return { revokedAt: null, expiresAt: { $gt: this.clock.now() }, impersonatorId: { $ne: null } };
  }
}
