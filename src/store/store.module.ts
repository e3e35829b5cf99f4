import { Global, Module } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { REDIS_CLIENT, SharedStore } from './shared-store.js';

const redisClient = {
  provide: REDIS_CLIENT,
  inject: [ENV],
  // A server without Redis does not load its client.
  useFactory: async ({ REDIS_URL: target }: Pick<Env, 'REDIS_URL'>) =>
    target && (await import('./redis-client.js')).createRedisClient(target),
};

@Global()
@Module({ providers: [redisClient, SharedStore], exports: [SharedStore] })
export class StoreModule {}
