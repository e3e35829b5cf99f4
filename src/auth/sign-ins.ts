import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { HeldRoles } from '../roles/held-roles.js';
import type { OwnedSession } from '../sessions/genuine-sessions.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { UserRecord } from '../users/user.entity.js';
import { NewDeviceNotice } from './new-device-notice.js';
import type { SignIn } from './sign-in.js';
import type { SignedIn } from './signed-in.js';
import { TokenIssuer } from './token-issuer.js';

/** Opens sessions of accounts that exist, however their owners have shown who they are. */
@Injectable()
export class SignIns {
  constructor(
    private readonly sessions: SessionsService,
    private readonly newDevices: NewDeviceNotice,
    private readonly heldRoles: HeldRoles,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditService,
  ) {}

  /** Adds the session to the transaction of `em`, which holds the user's row, and the notice to its owner. */
  async open(em: EntityManager, user: UserRecord, signIn: SignIn): Promise<OwnedSession> {
    const { client, authMethods } = signIn;
    // Before the session makes the device one that the account has seen.
    await this.newDevices.write(em, user, signIn);
    const session = await this.sessions.start(em, user, client, authMethods);
    const facts = { actorId: user.id, subjectId: user.id, sessionId: session.id, client };
    await this.audit.insert(em, 'user.logged_in', { ...facts, details: { amr: authMethods } });
    return { user, session, roles: await this.heldRoles.namesIn(em, user.id) };
  }

  /**
   * The tokens, once the session is committed. Nothing is read any more: whoever has used up what they signed in with
   * must not fail now.
   */
  tokens(owned: OwnedSession): SignedIn {
    return this.issuer.issue(owned, this.sessions.refreshTokenOf(owned.session));
  }
}
