import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { MailModule } from '../mail/mail.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountAdministration } from './account-administration.service.js';
import { AccountChange } from './account-change.js';
import { AuditEventsResolver } from './audit-events.resolver.js';
import { AuditVerification } from './audit-verification.service.js';
import { Authorities } from './authority.js';
import { GivenAddresses } from './given-addresses.js';
import { ImpersonationResolver } from './impersonation.resolver.js';
import { Impersonation } from './impersonation.service.js';
import { KeyAdministration } from './key-administration.service.js';
import { KeysAdminResolver } from './keys-admin.resolver.js';
import { MailAdministration } from './mail-administration.service.js';
import { ResetLink } from './reset-link.service.js';
import { RoleAdministration } from './role-administration.service.js';
import { RolesAdminResolver } from './roles-admin.resolver.js';
import { UserCreation } from './user-creation.service.js';
import { UsersAdminResolver } from './users-admin.resolver.js';

/** What the people do who run the server (docs/administration.md). */
@Module({
  imports: [
    AuditModule,
    MailModule,
    KeysModule,
    RevocationModule,
    UsersModule,
    SessionsModule,
    TokensModule,
    AuthModule,
    LifecycleModule,
  ],
  providers: [
    Authorities,
    AccountChange,
    AccountAdministration,
    GivenAddresses,
    UserCreation,
    RoleAdministration,
    Impersonation,
    ResetLink,
    KeyAdministration,
    MailAdministration,
    AuditVerification,

    UsersAdminResolver,
    RolesAdminResolver,
    ImpersonationResolver,
    AuditEventsResolver,
    KeysAdminResolver,
  ],
})
export class AdministrationModule {}
