import type { Options } from 'pino-http';
import { currentRequestId } from '../common/request-id.js';
import type { Env } from '../config/env.js';

/** Wherever one of these names turns up in a log object, its value is removed (ASVS 16.2.5). */
const SECRETS = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'secret',
];

/**
 * JSON lines in production, readable ones in development. Requests are logged by method, path, status and time; no
 * header and no body is, because both carry credentials.
 */
export function pinoHttpOptions(env: Pick<Env, 'LOG_LEVEL' | 'isProduction'>): Options {
  return {
    level: env.LOG_LEVEL,
    mixin: () => ({ requestId: currentRequestId() }),
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    quietReqLogger: true,
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: url.split('?')[0] }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
    ...(env.isProduction ? {} : { transport: { target: 'pino-pretty', options: PRETTY } }),
  };
}

const PRETTY = { singleLine: true, translateTime: 'HH:MM:ss', ignore: 'pid,hostname,context,reqId' };
