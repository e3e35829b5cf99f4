import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import type { SignedIn } from './signed-in.js';
import { TokenIssuer } from './token-issuer.js';

/** Opens sessions of accounts that exist, however their owners have shown who they are. */
@Injectable()
export class SignIns {
  constructor(
    private readonly sessions: SessionsService,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditService,
  ) {}

  /**
   * Adds the session to the transaction of `em`, which holds the user's row.
   *
   * @param authMethods RFC 8176
   */
  async open(em: EntityManager, user: User, client: ClientInfo, authMethods: string[]): Promise<Session> {
    const session = await this.sessions.start(em, user, client, authMethods);
    const facts = { actorId: user.id, subjectId: user.id, sessionId: session.id, client };
    this.audit.record(em, 'user.logged_in', { ...facts, details: { amr: authMethods } });
    return session;
  }

  /** The tokens, once the session is committed. */
  async tokens(user: User, session: Session): Promise<SignedIn> {
    const roles = (await user.roles.load()).getItems().map(({ name }) => name);
    return this.issuer.issue({ user, session, roles }, this.sessions.refreshTokenOf(session));
  }
}
