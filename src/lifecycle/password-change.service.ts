import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { voidBegunChanges } from '../sessions/begun-changes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import type { ChangePasswordInput } from './lifecycle.inputs.js';
import { NewPasswords } from './new-passwords.js';
import { OwnAccount } from './own-account.js';
import { Reauthentication } from './reauthentication.js';

/**
 * Changes the caller's own password. Ends every other session (ASVS 7.4.3), and voids a change of address that waits,
 * whatever session asked for it. Links that the mailbox proves stay: whoever knows the password alone must not take them from the owner (ADR 0034).
 */
@Injectable()
export class PasswordChange {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly account: OwnAccount,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly newPasswords: NewPasswords,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
  ) {}

  /** @returns the account as it is afterwards */
  async change(principal: Principal, input: ChangePasswordInput, client: ClientInfo): Promise<User> {
    const { userId, sessionId } = principal;
    const proof = await this.reauthentication.prove(principal, input.currentPassword, client);
    const { email } = await this.users.current(userId);
    const passwordHash = await this.passwords.hashNew(input.newPassword, { email, path: 'input.newPassword' });
    return this.account.change(principal, proof, async (em, user) => {
      await this.newPasswords.set(em, user, passwordHash);
      await this.sessions.revoke(em, userId, { id: { $ne: sessionId } }, 'password_changed');
      await voidBegunChanges(em, userId, 'all');
      this.audit.record(em, 'user.password_changed', { actorId: userId, subjectId: userId, sessionId, client });
      return user;
    });
  }
}
