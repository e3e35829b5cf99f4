import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { AccountLinks } from '../auth/account-links.js';
import type { ClientInfo } from '../common/client-info.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { PasswordAttempts } from '../throttle/password-attempts.js';
import type { ResetPasswordInput } from './lifecycle.inputs.js';
import { LinkUse } from './link-use.js';
import { NewPasswords } from './new-passwords.js';

/** Lets the owner of an account choose a new password by a link. Ends every session and voids every other link, whoever has it. */
@Injectable()
export class PasswordReset {
  constructor(
    private readonly links: LinkUse,
    private readonly passwords: PasswordsService,
    private readonly newPasswords: NewPasswords,
    private readonly accountLinks: AccountLinks,
    private readonly sessions: SessionsService,
    private readonly attempts: PasswordAttempts,
    private readonly audit: AuditService,
  ) {}

  async reset({ token, newPassword }: ResetPasswordInput, client: ClientInfo): Promise<true> {
    // Before anything is hashed: a token of nobody costs no more than a look.
    const { email } = await this.links.claimOf(token, 'password_reset');
    const passwordHash = await this.passwords.hashNew(newPassword, { email, path: 'input.newPassword' });
    await this.links.use(token, 'password_reset', async (em, user) => {
      // Sign-ins before the first proof of the address may be a stranger's.
      if (!user.emailVerified) user.lastLoginAt = null;
      // Whoever has the link reads the mails of the address.
      user.emailVerified = true;
      await this.newPasswords.set(em, user, passwordHash);
      await this.sessions.revoke(em, user.id, 'all', 'password_reset');
      this.audit.record(em, 'user.password_reset', { subjectId: user.id, client });
      await this.accountLinks.void(em, user);
    });
    await this.attempts.forgive({ email, client });
    return true;
  }
}
