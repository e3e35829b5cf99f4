import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Env } from '../config/env.js';

/** How long a browser may remember a preflight answer. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/**
 * Answers listed origins with exactly their own name, and all others with no CORS header at all: never `*`, never a
 * reflection, so credentials are safe to allow (ASVS 3.4.2).
 */
export function enableCors(app: NestExpressApplication, env: Pick<Env, 'CORS_ORIGINS'>): void {
  const allowed = new Set(env.CORS_ORIGINS);
  app.enableCors((request: { headers: { origin?: string } }, callback) => {
    const isListed = allowed.has(request.headers.origin ?? '');
    callback(null, {
      origin: isListed,
      credentials: true,
      methods: ['GET', 'POST'],
      exposedHeaders: ['X-Request-Id', 'Retry-After'],
      maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    });
  });
  app.use((_request: unknown, response: { vary(field: string): void }, next: () => void) => {
    response.vary('Origin');
    next();
  });
}
