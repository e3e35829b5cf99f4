import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { UsersModule } from '../users/users.module.js';
import { GenuineSessions } from './genuine-sessions.js';
import { ImpersonatedSessions } from './impersonated-sessions.js';
import { Impersonations } from './impersonations.service.js';
import { RotationService } from './rotation.service.js';
import { SessionCheck } from './session-check.service.js';
import { SessionPurge } from './session-purge.js';
import { SessionResolver } from './session.resolver.js';
import { SessionsService } from './sessions.service.js';
import { UserSessionsResolver } from './user-sessions.resolver.js';

@Module({
  imports: [AuditModule, RevocationModule, TokensModule, UsersModule],
  providers: [
    GenuineSessions,
    ImpersonatedSessions,
    Impersonations,
    RotationService,
    SessionCheck,
    SessionPurge,
    SessionsService,
    SessionResolver,
    UserSessionsResolver,
  ],
  exports: [Impersonations, RotationService, SessionCheck, SessionsService],
})
export class SessionsModule {}
