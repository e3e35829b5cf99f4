import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { GraphQLModule as NestGraphQLModule } from '@nestjs/graphql';
import { AccessMapCheck } from './access-map.check.js';
import { GraphQLOptions } from './graphql.options.js';
import { HttpErrorFilter } from './http-error.filter.js';

@Module({
  imports: [
    NestGraphQLModule.forRootAsync<ApolloDriverConfig>({ driver: ApolloDriver, useClass: GraphQLOptions }),
    DiscoveryModule,
  ],
  providers: [AccessMapCheck, { provide: APP_FILTER, useClass: HttpErrorFilter }],
})
export class GraphQLModule {}
