import { levels, type LogFn, type Logger, type LoggerOptions, stdTimeFunctions } from 'pino';
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

/** JSON lines, and readable ones in development. */
export function pinoOptions(env: Pick<Env, 'LOG_LEVEL' | 'NODE_ENV'>): LoggerOptions {
  return {
    level: env.LOG_LEVEL,
    // UTC, as every time of the server is (ASVS 16.2.2).
    timestamp: stdTimeFunctions.isoTime,
    mixin: () => ({ requestId: currentRequestId() }),
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    hooks: { logMethod: withoutFrameworkChatter },
    ...(env.NODE_ENV === 'development' && { transport: { target: 'pino-pretty', options: PRETTY } }),
  };
}

/** What Nest says at every start about modules and routes that are found in the code. */
const CHATTER = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'GraphQLModule',
  'NestApplication',
]);

function withoutFrameworkChatter(this: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
  const [first]: unknown[] = args;
  const context = typeof first === 'object' && first !== null && 'context' in first ? first.context : undefined;
  if (level <= (levels.values['info'] ?? 0) && CHATTER.has(String(context))) return;
  method.apply(this, args);
}

const PRETTY = { singleLine: true, translateTime: 'HH:MM:ss', ignore: 'pid,hostname,context' };
