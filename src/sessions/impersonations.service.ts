import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { HeldRoles } from '../roles/held-roles.js';
import { mayActAs } from '../roles/rights.js';
import { tokenRevoked } from '../tokens/token.errors.js';
import { lockedUsers } from '../users/locked-users.js';
import type { UserRecord } from '../users/user.entity.js';
import { type Acting, ImpersonatedSessions } from './impersonated-sessions.js';
import type { SessionRecord } from './session.entity.js';

/**
 * Whether an administrator may act as a user is asked at each use of the session in which they do, because the roles of
 * either can change as long as it lasts.
 */
@Injectable()
export class Impersonations {
  constructor(
    private readonly heldRoles: HeldRoles,
    private readonly sessions: ImpersonatedSessions,
  ) {}

  /** @param em of a transaction, which decides by what is committed by now */
  async isAllowed(acting: Acting, em?: EntityManager): Promise<boolean> {
    return (await this.allowedAmong([acting], em)).length > 0;
  }

  /** For the user themselves it does nothing. @throws AppError `TOKEN_REVOKED` */
  async assertAllowed({ userId, sessionId, impersonatorId: actorId }: Principal, em?: EntityManager): Promise<void> {
    if (actorId !== undefined && !(await this.isAllowed({ actorId, userId }, em))) {
      throw tokenRevoked({ userId, sessionId, impersonatorId: actorId });
    }
  }

  /**
   * Part of the transaction that goes on with a session. True for one of the user's own. One in which somebody acts as them
   * ends here when they may not any more, or when their own has ended by itself; false also when the roles are other ones than
   * those of the record.
   */
  async isStillGood(em: EntityManager, session: SessionRecord, { id: userId, version }: UserRecord): Promise<boolean> {
    const { id, impersonatorId: actorId } = session;
    if (!actorId) return true;
    const held = await lockedUsers(
      em,
      new Map([
        [userId, 'read'],
        [actorId, 'read'],
      ] as const),
    );
    const isOpened = await this.sessions.isOpenerAlive(em, session);
    const isAllowed = await this.isAllowed({ actorId, userId }, em);
    if (!isOpened || !isAllowed) await this.sessions.end(em, [id], isAllowed ? 'impersonator_left' : 'rights_changed');
    return isOpened && isAllowed && held.get(userId)?.version === version;
  }

  /**
   * Part of every transaction that changes roles: ends the sessions in which somebody acts as somebody else and may not any
   * more. The transaction has flushed its changes.
   *
   * @param userId whose roles have changed, if it is one user alone
   */
  async endForbidden(em: EntityManager, userId?: string): Promise<void> {
    const opened = await this.sessions.list(em, userId);
    const allowed = new Set(await this.allowedAmong(opened, em));
    const forbidden = opened.filter((acting) => !allowed.has(acting));
    await this.sessions.end(
      em,
      forbidden.map(({ id }) => id),
      'rights_changed',
    );
  }

  private async allowedAmong<T extends Acting>(all: readonly T[], em?: EntityManager): Promise<T[]> {
    if (all.length === 0) return [];
    const ids = new Set(all.flatMap(({ actorId, userId }) => [actorId, userId]));
    const rights = await this.heldRoles.rightsOf([...ids], em);
    return all.filter(({ actorId, userId }) => {
      const [actors, users] = [rights.get(actorId), rights.get(userId)];
      return actors !== undefined && users !== undefined && mayActAs(actors, users);
    });
  }
}
