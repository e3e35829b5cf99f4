import { type DynamicModule, Module } from '@nestjs/common';
import type { Env } from './config/env.js';
import { GraphQLModule } from './graphql/graphql.module.js';
import { HealthModule } from './health/health.module.js';
import { Exchanges } from './http/exchanges.js';
import { MetricsServer } from './http/metrics-server.js';
import { Reading } from './http/reading.js';
import { showsMails } from './mail/mail-folder.js';
import { ServicesModule } from './services.module.js';

/** The server: its services (`services.module.ts` is their table of contents), and how they are reached. */
@Module({})
export class AppModule {
  static register(env: Env): DynamicModule {
    return {
      module: AppModule,
      providers: [Exchanges, MetricsServer, Reading],
      imports: [
        ServicesModule.register(env, true),
        GraphQLModule,
        HealthModule,
        // With their packages only where they are used: a server in production does not load them.
        ...(env.IDE ? [import('./ide/ide.module.js').then(({ IdeModule: module }) => ({ module }))] : []),
        ...(showsMails(env) ? [import('./ide/mails.module.js').then(({ MailsModule: module }) => ({ module }))] : []),
      ],
    };
  }
}
