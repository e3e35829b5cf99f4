import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ThrottleModule } from '../throttle/throttle.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountDeletion } from './account-deletion.service.js';
import { Confirming } from './confirming.js';
import { Correspondent } from './correspondent.js';
import { EmailChange } from './email-change.service.js';
import { EmailRevert } from './email-revert.service.js';
import { EmailVerification } from './email-verification.service.js';
import { AsciiAddresses } from './ascii-addresses.js';
import { LifecyclePurge } from './lifecycle-purge.js';
import { LinkRequests } from './link-requests.service.js';
import { LinkUse } from './link-use.js';
import { Links } from './links.js';
import { MagicLink } from './magic-link.service.js';
import { NewPasswords } from './new-passwords.js';
import { OwnAccount } from './own-account.js';
import { OwnAccountResolver } from './own-account.resolver.js';
import { PasswordChange } from './password-change.service.js';
import { PasswordReset } from './password-reset.service.js';
import { Profile } from './profile.service.js';
import { Reauthentication } from './reauthentication.js';
import { RecoveryResolver } from './recovery.resolver.js';
import { WaysBack } from './ways-back.js';

/** Everything that happens to an account between its first and its last day (docs/lifecycle.md). */
@Module({
  imports: [
    AuditModule,
    MailModule,
    UsersModule,
    PasswordsModule,
    TokensModule,
    SessionsModule,
    ThrottleModule,
    AuthModule,
  ],
  providers: [
    Links,
    LinkUse,
    LinkRequests,
    Correspondent,
    AsciiAddresses,
    LifecyclePurge,

    Confirming,
    Reauthentication,
    OwnAccount,
    NewPasswords,
    WaysBack,

    EmailVerification,
    PasswordReset,
    PasswordChange,
    EmailChange,
    EmailRevert,
    MagicLink,
    AccountDeletion,
    Profile,

    RecoveryResolver,
    OwnAccountResolver,
  ],
  exports: [AccountDeletion, Links, Reauthentication, WaysBack],
})
export class LifecycleModule {}
