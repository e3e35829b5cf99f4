import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Env } from '../config/env.js';
import { pinoOptions } from './pino.options.js';

/** Structured logs through pino. The log of requests is `http/log-requests.ts`. */
@Module({})
export class LoggingModule {
  static register(env: Pick<Env, 'LOG_LEVEL' | 'NODE_ENV'>): DynamicModule {
    // No routes: Nest would attach the middleware behind Apollo's, where GraphQL requests never come by.
    return {
      module: LoggingModule,
      imports: [LoggerModule.forRoot({ pinoHttp: pinoOptions(env), forRoutes: [] })],
    };
  }
}
