import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Logger } from 'nestjs-pino';
import { withRequestId } from './common/request-id.js';
import type { Env } from './config/env.js';
import { createValidationPipe } from './graphql/validation.pipe.js';
import { refusalOf } from './http/allowed-requests.js';
import { answerClientErrors } from './http/client-errors.js';
import { cameThroughProxy } from './http/came-through-proxy.js';
import { enableCors } from './http/cors.js';
import { readJsonBodies } from './http/json-body.js';
import { requestLogger } from './http/log-requests.js';
import { securityHeadersSetter } from './http/security-headers.js';
import { limitConnections } from './http/server-limits.js';
import { traceRequest } from './http/trace-requests.js';

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
  // One step, and not one for each line: Express takes longer to get from step to step than they do.
  app.use((request: Request, response: Response, next: NextFunction) => {
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
  readJsonBodies(app);

  app.useGlobalPipes(createValidationPipe());
  limitConnections(app.getHttpServer());
  answerClientErrors(app.getHttpServer(), env);
}
