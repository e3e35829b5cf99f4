import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Logger, PinoLogger } from 'nestjs-pino';
import { pinoHttp } from 'pino-http';
import { withRequestId } from './common/request-id.js';
import type { Env } from './config/env.js';
import { createValidationPipe } from './graphql/validation.pipe.js';
import { refuseOtherRequests } from './http/allowed-requests.js';
import { answerClientErrors } from './http/client-errors.js';
import { enableCors } from './http/cors.js';
import { readJsonBodies } from './http/json-body.js';
import { securityHeaders } from './http/security-headers.js';
import { limitConnections } from './http/server-limits.js';
import { traceRequest } from './http/trace-requests.js';
import { pinoHttpOptions } from './logging/pino.options.js';

/**
 * Everything between Node and the resolvers, in the order in which a request meets it. Used by `main.ts` and by every
 * test. It must run before `app.init()`: Apollo attaches itself there, and what comes later would come too late.
 */
export function configureApp(app: NestExpressApplication, env: Env): void {
  const orm = app.get(MikroORM);
  app.useLogger(app.get(Logger));
  app.set('trust proxy', env.TRUST_PROXY);

  app.use((request: Request, response: Response, next: NextFunction) => {
    withRequestId(request.get('x-request-id'), (requestId) => {
      response.setHeader('X-Request-Id', requestId);
      next();
    });
  });
  app.use(pinoHttp({ ...pinoHttpOptions(env), logger: PinoLogger.root }));
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT) app.use(traceRequest);
  app.use(securityHeaders(env));
  enableCors(app, env);
  refuseOtherRequests(app);
  readJsonBodies(app);
  // One entity manager for each request: no identity map is ever shared.
  app.use((_request: Request, _response: Response, next: NextFunction) => RequestContext.create(orm.em, next));

  app.useGlobalPipes(createValidationPipe());
  limitConnections(app.getHttpServer());
  answerClientErrors(app.getHttpServer(), env);
}
