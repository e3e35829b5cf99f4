import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Env } from '../config/env.js';

type Settings = Pick<Env, 'isProduction'>;

/** Nothing that the API answers is a page; the playground sets a policy of its own. */
const CSP = {
  defaultSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/**
 * The headers of every answer of every layer (ASVS 3.4, 14.3.2). What may be cached says so itself, after this. HSTS only
 * where TLS is certain: on localhost it would lock other software out of plain http.
 */
export function securityHeaders({ isProduction }: Settings) {
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: CSP },
    strictTransportSecurity: isProduction && { maxAge: 31_536_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
  });
  return (request: Request, response: Response, next: NextFunction): void => {
    response.setHeader('Cache-Control', 'no-store');
    protect(request, response, next);
  };
}

/** The same as lines, for an answer to what Node could not read as a request. */
export function securityHeaderLines(settings: Settings): string[] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  // Express adds nothing to its two that Helmet would look at.
  securityHeaders(settings)(request as Request, response as Response, () => undefined);
  return Object.entries(response.getHeaders()).map(([name, value]) => `${name}: ${String(value)}`);
}
