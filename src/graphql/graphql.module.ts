import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { GraphQLModule as NestGraphQLModule } from '@nestjs/graphql';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { ThrottleModule } from '../throttle/throttle.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessExplanationResolver } from './access-explanation.resolver.js';
import { AccessExplanations } from './access-explanation.service.js';
import { AccessMapCheck } from './access-map.check.js';
import { GraphQLOptions } from './graphql.options.js';
import { HttpErrorFilter } from './http-error.filter.js';
import { RefusalTrail } from './refusal-trail.js';

@Module({ imports: [AuditModule, ThrottleModule], providers: [RefusalTrail], exports: [RefusalTrail] })
class RefusalModule {}

@Module({
  imports: [
    RefusalModule,
    NestGraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [RefusalModule],
      useClass: GraphQLOptions,
    }),
    DiscoveryModule,
    AuthModule,
    UsersModule,
  ],
  providers: [
    AccessMapCheck,
    AccessExplanations,
    AccessExplanationResolver,
    { provide: APP_FILTER, useClass: HttpErrorFilter },
  ],
})
export class GraphQLModule {}
