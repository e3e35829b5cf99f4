import { type HttpException, MethodNotAllowedException, NotFoundException } from '@nestjs/common';
import type { Request, Response } from 'express';

/** What GraphQL, the routes beside it and CORS need. No TRACE: it would echo cookies (ASVS 4.1.4, 13.4.4). */
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/**
 * Why a request is refused before anything looks at it, if it is: other methods, and paths below `/graphql`, which Express
 * would take for `/graphql` itself.
 */
export function refusalOf({ method, path }: Request, response: Response): HttpException | undefined {
  if (!METHODS.includes(method)) {
    response.setHeader('Allow', METHODS.join(', '));
    return new MethodNotAllowedException();
  }
  return /^\/graphql\/./i.test(path) ? new NotFoundException() : undefined;
}
