import { type DynamicModule, Module } from '@nestjs/common';
import { AdministrationModule } from './administration/administration.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CommonModule } from './common/common.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Env } from './config/env.js';
import { DatabaseModule } from './database/database.module.js';
import { entities } from './entities.js';
import { JobsModule } from './jobs/jobs.module.js';
import { KeysModule } from './keys/keys.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { MailModule } from './mail/mail.module.js';
import { PasswordsModule } from './passwords/passwords.module.js';
import { RevocationModule } from './revocation/revocation.module.js';
import { RolesModule } from './roles/roles.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StoreModule } from './store/store.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { ThrottleModule } from './throttle/throttle.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { TransferModule } from './transfer/transfer.module.js';
import { UsersModule } from './users/users.module.js';

/** All that the server knows how to do, lowest layer first (ARCHITECTURE.md), without what serves it. */
@Module({})
export class ServicesModule {
  /** @param isServer false for a command of the operator */
  static register(env: Env, isServer: boolean): DynamicModule {
    return {
      module: ServicesModule,
      imports: [
        CommonModule,
        ConfigModule.register(env, isServer),
        LoggingModule.register(env),
        DatabaseModule.register(entities),
        TelemetryModule,
        StoreModule,
        JobsModule,
        AuditModule,
        MailModule,
        KeysModule,
        RevocationModule,
        RolesModule,
        UsersModule,
        PasswordsModule,
        TokensModule,
        SessionsModule,
        ThrottleModule,
        AuthModule,
        LifecycleModule,
        AdministrationModule,
        TransferModule,
      ],
    };
  }
}
