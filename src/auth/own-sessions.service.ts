import { Injectable } from '@nestjs/common';
import { notFound } from '../access/access.errors.js';
import { assertOwner } from '../access/owner.js';
import type { Principal } from '../access/principal.js';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { parseId } from '../common/ids.js';
import { Transactions } from '../database/transactions.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { tokenRevoked } from '../tokens/token.errors.js';
import { lockedUsers } from '../users/locked-users.js';

/** Ends sessions of the caller's own, in one that is alive: the filter by user is the rule, so another's session is not found. */
@Injectable()
export class OwnSessionsService {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
  ) {}

  async revokeOne(principal: Principal, text: string, client: ClientInfo): Promise<boolean> {
    const id = parseId(text);
    const ended = id === undefined ? 0 : await this.revoke(principal, { id }, client);
    if (ended === 0) throw notFound('You have no such session.');
    return true;
  }

  revokeOthers(principal: Principal, client: ClientInfo): Promise<number> {
    return this.revoke(principal, { id: { $ne: principal.sessionId } }, client);
  }

  private async revoke(
    principal: Principal,
    which: { id: string | { $ne: string } },
    client: ClientInfo,
  ): Promise<number> {
    assertOwner(principal);
    const { userId, sessionId } = principal;
    return this.transactions.runApart(async (em) => {
      // Of two sessions that end each other, one is the first; the other has no say any more.
      await lockedUsers(em, new Map([[userId, 'change']]));
      if (!(await this.sessions.holdAlive(em, userId, sessionId))) throw tokenRevoked(principal);
      const ended = await this.sessions.revoke(em, userId, which, 'revoked_by_user');
      const details = { ended };
      if (ended > 0)
        this.audit.record(em, 'session.revoked', { actorId: userId, subjectId: userId, sessionId, client, details });
      return ended;
    });
  }
}
