import { type EntityManager, LockMode } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { Transactions } from '../database/transactions.js';
import { accountDisabled } from '../sessions/session.errors.js';
import { Impersonations } from '../sessions/impersonations.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenRevoked } from '../tokens/token.errors.js';
import { lockedUsers } from '../users/locked-users.js';
import { User } from '../users/user.entity.js';
import { type Proof, Reauthentication } from './reauthentication.js';

/**
 * Changes the caller's own account in one transaction that holds its row. Session and proof are looked at once more in
 * there: a change that was under way while the owner threw its author out finds that out, and does not happen.
 */
@Injectable()
export class OwnAccount {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: SessionsService,
    private readonly impersonations: Impersonations,
    private readonly reauthentication: Reauthentication,
  ) {}

  /**
   * @param proof of `Reauthentication`, where the change needs one
   * @throws AppError `INVALID_CREDENTIALS` when the password has changed since it was looked at
   */
  async change<T>(
    principal: Principal,
    { byPassword }: Proof,
    work: (em: EntityManager, user: User) => Promise<T>,
  ): Promise<T> {
    const outcome = await this.transactions.runApart(async (em) => {
      const { userId, sessionId, impersonatorId } = principal;
      if (impersonatorId !== undefined) {
        await lockedUsers(
          em,
          new Map([
            [userId, 'change'],
            [impersonatorId, 'read'],
          ] as const),
        );
      }
      const options = { lockMode: LockMode.PESSIMISTIC_WRITE, populate: ['passwordHash'] } as const;
      const user = await em.findOne(User, userId, options);
      // Nothing has been written so far: what is thrown here undoes nothing.
      if (!user || !(await this.sessions.holdAlive(em, userId, sessionId))) throw tokenRevoked(principal);
      if (user.disabledAt) throw accountDisabled(principal);
      await this.impersonations.assertAllowed(principal, em);
      if (byPassword && user.passwordHash !== byPassword.hash) return { refused: byPassword.client };
      return { result: await work(em, user) };
    });
    // Out here: in there the record would be undone with the change.
    if (outcome.refused) return this.reauthentication.refuse(principal, outcome.refused);
    return outcome.result;
  }
}
