import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadEnv } from '../config/load-env.js';
import { AuditLedger } from '../audit/audit-ledger.js';
import { KeyRotation } from '../keys/key-rotation.js';
import { moduleRules } from '../module-rules.js';
import { complain, warn } from './output.js';
import { ServicesModule } from '../services.module.js';

const silent = (): void => undefined;

/** What services log while a command runs: errors, written as the command itself writes. They may hold what a row holds. */
const errorsOnly: LoggerService = {
  log: silent,
  warn: silent,
  error: (message: unknown, text?: unknown) => {
    // With facts in front, the message comes second, as pino has it.
    const said = typeof message === 'string' ? message : text;
    // An error alone is what Nest throws after it has named it: the command says why then.
    if (typeof said === 'string') complain(said);
  },
};

/** Runs an operator's command on the services of the server itself, with a unit of work of its own. */
export async function withServices(command: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  // A command serves nothing and does nobody's work but its own.
  const env = { ...loadEnv(moduleRules, warn), METRICS_ENABLED: false, JOBS_ENABLED: false };
  const options = { logger: errorsOnly, abortOnError: false };
  const app = await NestFactory.createApplicationContext(ServicesModule.register(env, false), options);
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
