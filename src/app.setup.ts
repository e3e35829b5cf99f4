import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { Logger, PinoLogger } from 'nestjs-pino';
import { pinoHttp } from 'pino-http';
import { withRequestId } from './common/request-id.js';
import type { Env } from './config/env.js';
import { createValidationPipe } from './graphql/validation.pipe.js';
import { answerClientErrors } from './http/client-errors.js';
import { enableCors } from './http/cors.js';
import { pinoHttpOptions } from './logging/pino.options.js';

/** Far above any honest document, far below what costs time to parse. */
const BODY_LIMIT = '100kb';

/** Nothing that the API answers is a page; the playground sets a policy of its own. */
const CSP = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

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
  app.use(
    helmet({ contentSecurityPolicy: { useDefaults: false, directives: CSP }, xFrameOptions: { action: 'deny' } }),
  );
  enableCors(app, env);
  app.useBodyParser('json', { limit: BODY_LIMIT });
  // One entity manager for each request: no identity map is ever shared.
  app.use((_request: Request, _response: Response, next: NextFunction) => RequestContext.create(orm.em, next));

  app.useGlobalPipes(createValidationPipe());
  app.enableShutdownHooks();
  answerClientErrors(app.getHttpServer());
}
