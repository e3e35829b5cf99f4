import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AuditModule } from '../audit/audit.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { DocumentBudgetGuard } from '../throttle/document-budget.guard.js';
import { ThrottleModule } from '../throttle/throttle.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessMap } from './access-map.js';
import { AccountLinks } from './account-links.js';
import { AccountsService } from './accounts.service.js';
import { AdminBootstrap } from './admin-bootstrap.js';
import { AuthCookies } from './auth-cookies.js';
import { AuthResponder } from './auth-responder.js';
import { AuthResolver } from './auth.resolver.js';
import { GqlAuthGuard } from './gql-auth.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { KnownDevices } from './known-devices.js';
import { LoginService } from './login.service.js';
import { LogoutService } from './logout.service.js';
import { NewDeviceNotice } from './new-device-notice.js';
import { OwnSessionsResolver } from './own-sessions.resolver.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RefreshService } from './refresh.service.js';
import { RegistrationService } from './registration.service.js';
import { RequestCredentials } from './request-credentials.js';
import { RequestProof } from './request-proof.js';
import { RolesGuard } from './roles.guard.js';
import { ServerInfoResolver } from './server-info.resolver.js';
import { SignIns } from './sign-ins.js';
import { SignupService } from './signup.service.js';
import { TokenIssuer } from './token-issuer.js';

@Module({
  imports: [
    PassportModule,
    DiscoveryModule,
    AuditModule,
    MailModule,
    UsersModule,
    PasswordsModule,
    TokensModule,
    SessionsModule,
    ThrottleModule,
  ],
  providers: [
    // Who calls, what they may, how often: guards run in this order, on every field and route.
    { provide: APP_GUARD, useClass: GqlAuthGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
    { provide: APP_GUARD, useClass: DocumentBudgetGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    JwtStrategy,
    RequestCredentials,
    RequestProof,
    AccessMap,

    AccountLinks,
    AccountsService,
    AdminBootstrap,
    RegistrationService,
    SignupService,
    LoginService,
    RefreshService,
    LogoutService,
    OwnSessionsService,
    TokenIssuer,
    SignIns,
    NewDeviceNotice,

    AuthCookies,
    KnownDevices,
    AuthResponder,
    AuthResolver,
    OwnSessionsResolver,
    ServerInfoResolver,
  ],
  exports: [
    AccessMap,
    AccountLinks,
    AccountsService,
    AuthCookies,
    AuthResponder,
    KnownDevices,
    RegistrationService,
    RequestCredentials,
    SignIns,
  ],
})
export class AuthModule {}
