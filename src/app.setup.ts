import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application, NextFunction, Request, Response } from 'express';
import { Logger } from 'nestjs-pino';
import { clientOf } from './access/request.js';
import { withRequestId } from './common/request-id.js';
import type { Env } from './config/env.js';
import { createValidationPipe } from './graphql/validation.pipe.js';
import { refusalOf } from './http/allowed-requests.js';
import { answerClientErrors } from './http/client-errors.js';
import { cameThroughProxy, isProxy } from './http/came-through-proxy.js';
import { boundConnections } from './http/connections.js';
import { enableCors } from './http/cors.js';
import { Exchanges } from './http/exchanges.js';
import { JsonBodies } from './http/json-body.js';
import { requestLogger } from './http/log-requests.js';
import { Reading } from './http/reading.js';
import { readTargets } from './http/request-target.js';
import { securityHeadersSetter } from './http/security-headers.js';
import { limitTimes } from './http/server-limits.js';
import { SlowReaders } from './http/slow-readers.js';
import { traceRequest } from './http/trace-requests.js';
import { Turns } from './http/turns.js';
import { Metrics } from './telemetry/metrics.js';
import { Networks } from './throttle/networks.js';

/**
 * Everything between Node and the resolvers, in the order in which a request meets it. Used by `main.ts` and by every
 * test. It must run before `app.init()`: Apollo attaches itself there, and what comes later would come too late.
 */
export function configureApp(app: NestExpressApplication, env: Env): void {
  app.useLogger(app.get(Logger));
  app.set('trust proxy', env.TRUST_PROXY);
  app.disable('x-powered-by');
  // What may be cached has a tag of its own: nobody asks again for what must not be stored.
  app.disable('etag');

  const setSecurityHeaders = securityHeadersSetter(env);
  const logRequest = requestLogger();
  const bodies = new JsonBodies();
  // One step, and not one for each line: Express takes longer to get from step to step than they do.
  app.use((request: Request, response: Response, next: NextFunction) => {
    bodies.begin(request, response);
    withRequestId(cameThroughProxy(request) ? request.get('x-request-id') : undefined, (requestId) => {
      response.setHeader('X-Request-Id', requestId);
      setSecurityHeaders(response);
      logRequest(request, response);
      next();
    });
  });
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT) app.use(traceRequest);
  enableCors(app, env);
  // After CORS: a page of ours may read why.
  app.use((request: Request, response: Response, next: NextFunction) => next(refusalOf(request, response)));
  const turns = new Turns(app.getHttpServer());
  app.use(async (request: Request, response: Response, next: NextFunction) => {
    const read = await bodies.of(request);
    await turns.take(() => clientOf(request).ipAddress, response);
    // Nothing is begun for a client that has gone meanwhile.
    if (response.closed) {
      response.end();
      return;
    }
    // Apollo looks whether it is there, also where there is no body.
    request.body = read();
    next();
  });

  app.useGlobalPipes(createValidationPipe());
  setUpServer(app, app.getHttpServer(), env);
}

/** What holds for connections, before any request is handled. */
function setUpServer(app: NestExpressApplication, server: Server, env: Env): void {
  const exchanges = app.get(Exchanges);
  exchanges.standBefore(server);
  readTargets(server);
  answerClientErrors(server, env, exchanges);
  const networks = app.get(Networks);
  const { limitRefusals } = app.get(Metrics);
  const express: Application = app.getHttpAdapter().getInstance();
  boundConnections(
    server,
    ({ remoteAddress = '' }) => (isProxy(express, remoteAddress) ? undefined : networks.keyOf(remoteAddress)),
    () => limitRefusals.inc({ limit: 'connections' }),
  );
  limitTimes(server);
  app.get(Reading).inTurns(server);
  SlowReaders.closeAllOf(server);
}
