import { Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import { AuditService } from '../audit/audit.service.js';
import type { SignedIn } from '../auth/signed-in.js';
import { SignIns } from '../auth/sign-ins.js';
import { badInput } from '../common/bad-input.js';
import { mayActAs, rightsOfRoles } from '../roles/rights.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccountChange } from './account-change.js';
import { disabledTarget } from './administration.errors.js';
import { Authorities, type Authority, callerOf } from './authority.js';
import { givenReason, MAX_REASON_LENGTH } from './given-reason.js';

/**
 * Lets an administrator act as a user, in a session that says so (the `act` claim, RFC 8693 section 4.1), ends within an
 * hour and with the session that opened it, and can change no credential.
 */
@Injectable()
export class Impersonation {
  constructor(
    private readonly changes: AccountChange,
    private readonly authorities: Authorities,
    private readonly sessions: SessionsService,
    private readonly signIns: SignIns,
    private readonly audit: AuditService,
  ) {}

  /** @throws AppError `FORBIDDEN` for administrators, for greater rights than one's own, and from within an impersonation */
  async begin(authority: Authority, userId: string, given: string): Promise<SignedIn> {
    const { principal, client } = callerOf(authority);
    this.authorities.assertRecentSignIn(authority);
    const reason = givenReason(given);
    if (reason === null) throw badInput('reason', `must have 1 to ${MAX_REASON_LENGTH} characters`);
    const impersonator = { userId: principal.userId, sessionId: principal.sessionId };
    const owned = await this.changes.run({ id: userId }, authority, {}, async (em, user, { rights }) => {
      const users = rightsOfRoles(user.roles.getItems());
      if (!mayActAs(rights, users)) throw forbidden('You cannot act as this user.');
      if (user.disabledAt) throw disabledTarget();
      // How the administrator has shown who they are: the user has shown nothing.
      const session = await this.sessions.start(em, user, client, principal.amr, impersonator);
      const facts = { actorId: principal.userId, subjectId: user.id, sessionId: session.id, client };
      this.audit.record(em, 'user.impersonated', { ...facts, details: { reason } });
      return { user, session, roles: users.roles };
    });
    return this.signIns.tokens(owned);
  }
}
