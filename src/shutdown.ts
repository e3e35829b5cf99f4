import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { Env } from './config/env.js';
import { Readiness } from './health/readiness.js';
import { Exchanges } from './http/exchanges.js';
import { Reading } from './http/reading.js';

/**
 * Ctrl-C reaches every process of the terminal, and whoever started this one (npm, a supervisor) hands it on: signals within
 * this time are one.
 */
const ONE_SIGNAL_MS = 1_000;

/** How long a request may take to arrive once no connection is accepted any more. */
const ARRIVING_MS = 5_000;

/** How often it is looked whether connections can be closed. */
const SWEEP_MS = 50;

/**
 * Ends the process on SIGTERM or SIGINT without a request that fails: readiness turns 503, and for `SHUTDOWN_DELAY` all goes
 * on, so that load balancers notice; then no connection is accepted any more, what is in flight is finished, pools are
 * closed, and the process exits with 0. What takes longer than `SHUTDOWN_TIMEOUT` is cut off, and so is all by a second signal,
 * which is of a person who does not want to wait.
 */
export function shutDownOnSignal(
  app: NestExpressApplication,
  env: ShutdownSettings,
  stopTracing: () => Promise<void> = async () => undefined,
): void {
  let begun: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begun === undefined) {
      begun = performance.now();
      shutDown(signal);
    } else if (performance.now() - begun >= ONE_SIGNAL_MS) {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
      process.kill(process.pid, signal);
    }
  };
  const shutDown = (signal: NodeJS.Signals): void => {
    const logger = new Logger('Shutdown');
    logger.log(`${signal}: finishing what is in flight`);
    const cutOff = (): void => {
      logger.warn(`Not finished within SHUTDOWN_TIMEOUT (${env.SHUTDOWN_TIMEOUT} s): requests are cut off`);
      process.exit(1);
    };
    const limit = setTimeout(cutOff, (env.SHUTDOWN_DELAY + env.SHUTDOWN_TIMEOUT) * 1000);
    drain(app, env)
      .then(stopTracing)
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        logger.error({ err: error }, 'The shutdown failed');
        process.exit(1);
      })
      .finally(() => clearTimeout(limit));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
}

type ShutdownSettings = Pick<Env, 'SHUTDOWN_DELAY' | 'SHUTDOWN_TIMEOUT'>;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

async function drain(app: NestExpressApplication, { SHUTDOWN_DELAY }: ShutdownSettings): Promise<void> {
  const server: Server = app.getHttpServer();
  app.get(Readiness).drain();
  // Clients that keep a connection are told to open the next one elsewhere.
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  await delay(SHUTDOWN_DELAY * 1000);
  // What has begun to arrive has to hurry. The own `close` of a HTTP server would look no more whether it does.
  server.headersTimeout = ARRIVING_MS;
  server.requestTimeout = ARRIVING_MS;
  const closed = promisify(NetServer.prototype.close.bind(server))();
  const exchanges = app.get(Exchanges);
  const reading = app.get(Reading);
  // Node takes a connection for idle on which an answer is still being sent, or whose request has come and is not read yet.
  const sweep = setInterval(() => exchanges.areUnderWay || reading.goesOn || server.closeIdleConnections(), SWEEP_MS);
  await closed;
  clearInterval(sweep);
  await app.close();
}
