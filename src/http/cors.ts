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
  app.enableCors({
    origin: (origin, callback) => callback(null, allowed.has(origin ?? '')),
    credentials: true,
    methods: ['GET', 'POST'],
    exposedHeaders: ['X-Request-Id'],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}
