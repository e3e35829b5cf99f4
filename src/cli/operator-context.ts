import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadEnv } from '../config/load-env.js';
import { ServicesModule } from '../services.module.js';

/** Runs an operator's command on the services of the server itself, with a unit of work of its own. */
export async function withServices(command: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  // A command serves nothing and does nobody's work but its own.
  const env = { ...loadEnv(), METRICS_ENABLED: false, JOBS_ENABLED: false };
  const app = await NestFactory.createApplicationContext(ServicesModule.register(env, false), { logger: ['error'] });
  try {
    await RequestContext.create(app.get(MikroORM).em, () => command(app));
  } finally {
    await app.close();
  }
}
