import { levels, type LogFn, type Logger, type LoggerOptions, stdTimeFunctions } from 'pino';
import { currentRequestId } from '../common/request-id.js';
import type { Env } from '../config/env.js';
import { loggable } from './safe-error.js';
import { UNFILTERED } from './unfiltered.js';

/** Wherever one of these names turns up in a log object, its value is removed (ASVS 16.2.5). */
const SECRETS = new Set([
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'secret',
]);

/** What is deeper than this is no fact of ours, or an object that holds itself. */
const MAX_DEPTH = 6;

/** JSON lines, and readable ones in development. */
export function pinoOptions(env: Pick<Env, 'LOG_LEVEL' | 'NODE_ENV'>): LoggerOptions {
  return {
    level: passingUnfiltered(env.LOG_LEVEL),
    // UTC, as every time of the server is (ASVS 16.2.2).
    timestamp: stdTimeFunctions.isoTime,
    mixin: () => ({ requestId: currentRequestId() }),
    // Not pino's own `redact`: for names anywhere it copies so much that it is a tenth of a `refresh`.
    formatters: { log: (facts) => withoutSecrets(facts) },
    // pino-http hands over what it has made of the error.
    serializers: { err: (error: unknown) => withoutSecretsIn(error, 1) },
    hooks: { logMethod: onlyFrom(severityOf(env.LOG_LEVEL)) },
    ...(env.NODE_ENV === 'development' && { transport: { target: 'pino-pretty', options: PRETTY } }),
  };
}

function withoutSecrets(facts: object, depth = 1): Record<string, unknown> {
  const shown = Object.entries(facts).map(([name, value]: [string, unknown]) => {
    if (SECRETS.has(name)) return [name, '[redacted]'];
    const isForSerializer = name === 'err' && depth === 1;
    return [name, isForSerializer ? loggable(value) : withoutSecretsIn(value, depth)];
  });
  return Object.fromEntries(shown) as Record<string, unknown>;
}

function withoutSecretsIn(given: unknown, depth: number): unknown {
  const value = writesItself(given) ? given.toJSON() : loggable(given);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => withoutSecretsIn(item, depth + 1));
  return withoutSecrets(value, depth + 1);
}

/** Moments and URLs, among others. */
function writesItself(value: unknown): value is { toJSON: () => unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
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

const severityOf = (level: string): number => levels.values[level] ?? Infinity;

const INFO = severityOf('info');

/** The level that lets the events of the audit trail through, which are of level `info`: `onlyFrom` takes the others away. */
const passingUnfiltered = (level: Env['LOG_LEVEL']): Env['LOG_LEVEL'] =>
  level !== 'silent' && severityOf(level) > INFO ? 'info' : level;

/** Leaves what is as severe as that, and what is logged whatever the severity is. */
function onlyFrom(severity: number) {
  return function (this: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
    const [first]: unknown[] = args;
    const context = typeof first === 'object' && first !== null && 'context' in first ? String(first.context) : '';
    if (level <= INFO && CHATTER.has(context)) return;
    if (level >= severity || UNFILTERED.has(context)) method.apply(this, args);
  };
}

const PRETTY = { singleLine: true, translateTime: 'HH:MM:ss', ignore: 'pid,hostname,context' };
