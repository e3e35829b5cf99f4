import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ExpressAdapter } from '@nestjs/platform-express/adapters/express-adapter.js';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import type { Env } from './config/env.js';
import { configWarnings } from './config/env.warnings.js';
import { CONFIGURATION_CONTEXT } from './logging/unfiltered.js';
import { announce } from './http/announce.js';
import { moduleRules } from './module-rules.js';
import { shutDownOnSignal } from './shutdown.js';
import { giveBackStartMemory } from './start-memory.js';

/**
 * Builds the application, listens, and tells a person at the terminal where. Throws when it can not.
 *
 * @param stopTracing called when all else has ended
 */
export async function serve(env: Env, stopTracing?: () => Promise<void>): Promise<void> {
  // What Nest logs before our logger is there stays in a buffer, and is dropped with a start that fails: `main.ts` says
  // in one line why.
  const options = { bodyParser: false, bufferLogs: true, autoFlushLogs: false, abortOnError: false };
  // Named, because Nest would otherwise load the whole package, with all that receives files.
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(env), new ExpressAdapter(), options);
  configureApp(app, env);
  app.flushLogs();
  warnOfConfiguration(env);
  shutDownOnSignal(app, env, stopTracing);
  await app.listen(env.PORT, env.HOST);
  announce(env);
  giveBackStartMemory();
}

/** In the log, and on standard error where there is none. */
function warnOfConfiguration(env: Env): void {
  const logger = new Logger(CONFIGURATION_CONTEXT);
  for (const warning of [...configWarnings(env), ...moduleRules.warnings(env)]) {
    if (env.LOG_LEVEL === 'silent') process.stderr.write(`${warning}\n`);
    else logger.warn(warning);
  }
}
