import { MethodNotAllowedException, NotFoundException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/** What GraphQL, the routes beside it and CORS need. No TRACE: it would echo cookies (ASVS 4.1.4, 13.4.4). */
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/** Refuses other methods, and paths below `/graphql`: Express would take them for `/graphql` itself. */
export function refuseOtherRequests({ method, path }: Request, response: Response, next: NextFunction): void {
  const isAllowed = METHODS.includes(method);
  if (!isAllowed) response.setHeader('Allow', METHODS.join(', '));
  if (!isAllowed) next(new MethodNotAllowedException());
  else if (/^\/graphql\/./i.test(path)) next(new NotFoundException());
  else next();
}
