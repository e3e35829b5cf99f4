import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { Transactions } from '../database/transactions.js';
import { RotationService, type TokenSession } from '../sessions/rotation.service.js';
import { SessionCheck } from '../sessions/session-check.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccessTokenService } from '../tokens/access-token.service.js';

export interface LogoutTokens {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/**
 * Ends the sessions that the tokens belong to, or all of their user. Any genuine token of a live session will do, expired or rotated
 * away, because all that it can do here is end sessions: refusing the owner who lost an answer would be worse. Tokens that mean nothing
 * are ignored: logging out never fails for them.
 */
@Injectable()
export class LogoutService {
  constructor(
    private readonly transactions: Transactions,
    private readonly rotation: RotationService,
    private readonly tokens: AccessTokenService,
    private readonly check: SessionCheck,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
  ) {}

  async logout({ accessToken, refreshToken }: LogoutTokens, everywhere: boolean, client: ClientInfo): Promise<void> {
    const named = await Promise.all([
      refreshToken ? this.rotation.sessionOf(refreshToken) : undefined,
      accessToken ? this.tokens.sessionOf(accessToken) : undefined,
    ]);
    for (const session of named) {
      if (session) await this.end(session, everywhere, client);
    }
  }

  private async end(
    session: Pick<TokenSession, 'userId' | 'sessionId' | 'actorId'>,
    everywhere: boolean,
    client: ClientInfo,
  ): Promise<void> {
    const { userId, sessionId, actorId } = session;
    // Anybody can send a token that ended long ago, again and again: it is not worth a transaction.
    if (!(await this.check.isAlive(userId, sessionId))) return;
    // Whoever acts as the user leaves, and lets the user stay.
    const isOwner = actorId === userId;
    await this.transactions.run(async (em) => {
      const ended = await this.sessions.revoke(em, userId, { id: sessionId }, 'logout');
      // Only a session that was alive may end the others: a token of long ago is no right to throw the user out.
      if (ended === 0) return;
      if (everywhere && isOwner) await this.sessions.revoke(em, userId, 'all', 'logout');
      this.audit.record(em, 'user.logged_out', { actorId, subjectId: userId, sessionId, client });
    });
  }
}
