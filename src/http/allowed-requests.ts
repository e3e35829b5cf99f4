import { MethodNotAllowedException, NotFoundException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/** What GraphQL, the routes beside it and CORS need. No TRACE: it would echo cookies (ASVS 4.1.4, 13.4.4). */
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/** Refuses other methods, and paths below `/graphql`: Express would take them for `/graphql` itself. */
export function refuseOtherRequests(app: NestExpressApplication): void {
  app.use(({ method }: Request, response: Response, next: NextFunction) => {
    const isAllowed = METHODS.includes(method);
    if (!isAllowed) response.setHeader('Allow', METHODS.join(', '));
    next(isAllowed ? undefined : new MethodNotAllowedException());
  });
  app.use('/graphql', ({ path }: Request, _response: Response, next: NextFunction) => {
    next(path === '/' ? undefined : new NotFoundException());
  });
}
