import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Response } from 'express';
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
 * where TLS is certain: on localhost it would lock other software out of plain http. They are the same for all answers, so
 * Helmet is asked for them once.
 */
function securityHeaders({ isProduction }: Settings): [name: string, value: string][] {
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: CSP },
    strictTransportSecurity: isProduction && { maxAge: 31_536_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
  });
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  protect(request, response, () => undefined);
  const headers = Object.entries(response.getHeaders()).map(([name, value]): [string, string] => [name, String(value)]);
  // Without `Origin` too, or a cache would hand an answer of one origin to another.
  return [['Cache-Control', 'no-store'], ['Vary', 'Origin'], ...headers];
}

/** @returns sets them on an answer */
export function securityHeadersSetter(settings: Settings): (response: Response) => void {
  const headers = securityHeaders(settings);
  return (response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
  };
}

/** The same as lines, for an answer to what Node could not read as a request. */
export const securityHeaderLines = (settings: Settings): string[] =>
  securityHeaders(settings).map(([name, value]) => `${name}: ${value}`);
