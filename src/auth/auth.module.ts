import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AuditModule } from '../audit/audit.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountsService } from './accounts.service.js';
import { AdminBootstrap } from './admin-bootstrap.js';
import { AuthCookies } from './auth-cookies.js';
import { AuthResponder } from './auth-responder.js';
import { AuthResolver } from './auth.resolver.js';
import { GqlAuthGuard } from './gql-auth.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LoginService } from './login.service.js';
import { LogoutService } from './logout.service.js';
import { OwnSessionsResolver } from './own-sessions.resolver.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { RefreshService } from './refresh.service.js';
import { RegistrationService } from './registration.service.js';
import { RequestCredentials } from './request-credentials.js';
import { RolesGuard } from './roles.guard.js';
import { ServerInfoResolver } from './server-info.resolver.js';
import { SignupService } from './signup.service.js';
import { TokenIssuer } from './token-issuer.js';

@Module({
  imports: [PassportModule, AuditModule, UsersModule, PasswordsModule, TokensModule, SessionsModule],
  providers: [
    // Who calls, then what they may: guards run in this order, on every field and route.
    { provide: APP_GUARD, useClass: GqlAuthGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
    JwtStrategy,
    RequestCredentials,

    AccountsService,
    AdminBootstrap,
    RegistrationService,
    SignupService,
    LoginService,
    RefreshService,
    LogoutService,
    OwnSessionsService,
    TokenIssuer,

    AuthCookies,
    AuthResponder,
    AuthResolver,
    OwnSessionsResolver,
    ServerInfoResolver,
  ],
  exports: [AccountsService, RegistrationService],
})
export class AuthModule {}
