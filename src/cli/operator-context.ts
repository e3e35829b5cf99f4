import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadEnv } from '../config/load-env.js';
import { AuditLedger } from '../audit/audit-ledger.js';
import { KeyRotation } from '../keys/key-rotation.js';
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

/**
 * The same for a command that changes something. Under a secret that is not the one of the servers it would leave events
 * which the chain of the audit trail never takes in: it does nothing instead.
 */
export function withChanges(command: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  return withServices(async (app) => {
    await app.get(KeyRotation).assertOpened();
    await app.get(AuditLedger).assertOpened();
    await command(app);
  });
}
