import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ENV, type Env } from './env.js';
import { IS_SERVER } from './is-server.js';

/** Hands the parsed environment to whoever injects `ENV` (classes name the part they read: `Pick<Env, …>`), and `IS_SERVER`. */
@Global()
@Module({})
export class ConfigModule {
  static register(env: Env, isServer: boolean): DynamicModule {
    const providers = [
      { provide: ENV, useValue: env },
      { provide: IS_SERVER, useValue: isServer },
    ];
    return { module: ConfigModule, providers, exports: [ENV, IS_SERVER] };
  }
}
