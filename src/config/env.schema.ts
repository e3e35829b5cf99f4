import * as z from 'zod';
import { accountSettings } from './account.settings.js';
import { described } from './described.js';
import * as parse from './parsers.js';

/** Every variable that the server reads, and the one line that documents it (docs/configuration.md, .env.example). */
export const envSchema = z.object({
  NODE_ENV: described(
    parse.text('development'),
    'development',
    '`development`, `test`, or anything else for production rules.',
  ),
  HOST: described(parse.optionalText, '127.0.0.1; 0.0.0.0 in production', 'Address to listen on.'),
  PORT: described(parse.integer(4000, 0, 65_535), '4000', 'Port to listen on.'),
  PUBLIC_URL: described(parse.optionalHttpUrl, 'http://localhost:PORT', 'URL under which clients reach the server.'),
  APP_URL: described(parse.optionalHttpUrl, 'http://localhost:5173', 'URL of the frontend.'),
  DATABASE_URL: described(
    parse.databaseUrl('sqlite:./data/latchkey.sqlite'),
    'sqlite:./data/latchkey.sqlite',
    'Database: `sqlite:FILE` or `postgres://…`.',
  ),
  DATABASE_POOL_SIZE: described(parse.integer(10, 1, 1000), '10', 'Connections to PostgreSQL of one instance.'),
  DATABASE_CONNECT_TIMEOUT: described(
    parse.duration('3s', '1s', '1h'),
    '3s',
    'How long a request waits for a connection to PostgreSQL.',
  ),
  DATABASE_STATEMENT_TIMEOUT: described(
    parse.duration('5s', '1s', '1h'),
    '5s',
    'How long PostgreSQL may work on one statement of a request.',
  ),
  DATABASE_LOCK_TIMEOUT: described(
    parse.duration('3s', '1s', '1h'),
    '3s',
    'How long a statement waits for what another one holds.',
  ),
  DATABASE_RETRIES: described(
    parse.integer(3, 0, 20),
    '3',
    'How often a transaction that lost to another one (deadlock, serialisation) is run again.',
  ),
  REDIS_URL: described(
    parse.optionalRedisUrl,
    '',
    'Redis for several instances: one, `redis+sentinel://…` or `redis+cluster://…` (docs/operations/redis.md).',
  ),
  REDIS_TIMEOUT_MS: described(
    parse.integer(25, 5, 5000),
    '25',
    'Milliseconds without an answer after which Redis is given up and the database is asked.',
  ),

  JWT_SECRET: described(parse.secret, '', 'At least 32 random bytes. Every key of the server is derived from it.'),
  JWT_PREVIOUS_SECRETS: described(
    parse.secrets,
    '',
    'Former secrets that still verify: comma-separated or a JSON array.',
  ),
  JWT_ALGORITHM: described(
    parse.choice('ES256', 'RS256', 'PS256', 'HS256'),
    'ES256',
    'How access tokens are signed: ES256, RS256, PS256, or HS256 with JWT_SECRET itself.',
  ),
  JWT_ISSUER: described(parse.optionalText, 'PUBLIC_URL', 'The `iss` claim.'),
  JWT_AUDIENCE: described(parse.text('latchkey'), 'latchkey', 'The `aud` claim.'),
  JWKS_MAX_AGE: described(
    parse.duration('5m', '1s', '1d'),
    '5m',
    'How long other services may keep the key set. A new key is published for longer before it signs.',
  ),
  KEY_ROTATION_INTERVAL: described(
    parse.duration('90d', '1m', '36500d'),
    '90d',
    'How long a key signs before the next one does.',
  ),
  ACCESS_TOKEN_TTL: described(parse.duration('15m', '1s', '1h'), '15m', 'Lifetime of an access token.'),
  REFRESH_TOKEN_TTL: described(
    parse.duration('30d', '1m', '36500d'),
    '30d',
    'A session that is not refreshed for so long ends.',
  ),
  SESSION_MAX_AGE: described(parse.duration('90d', '1m', '36500d'), '90d', 'A session ends after so long in any case.'),
  REFRESH_GRACE_SECONDS: described(
    parse.integer(60, 0, 300),
    '60',
    'How long a replaced refresh token still answers its successor.',
  ),
  CLOCK_TOLERANCE_SECONDS: described(parse.integer(5, 0, 60), '5', 'Clock skew that is forgiven in tokens.'),
  MAX_SESSIONS_PER_USER: described(
    parse.integer(100, 1, 500),
    '100',
    'One login more ends the session that was idle the longest.',
  ),

  SESSION_RETENTION: described(
    parse.duration('7d', '1d', '36500d'),
    '7d',
    'How long ended sessions are kept before they are deleted: at least a day.',
  ),
  AUDIT_RETENTION: described(
    parse.duration('365d', '1d', '36500d'),
    '365d',
    'How long the audit trail is kept in the database: at least a day.',
  ),
  JOBS_ENABLED: described(
    parse.flag(true),
    'true',
    'Lets this instance do background work (docs/operations/jobs.md). One of all instances has to.',
  ),

  BCRYPT_COST: described(parse.integer(12, 4, 15), '12', 'Cost of password hashes, 10 to 15 (from 4 in tests).'),
  ADMIN_EMAIL: described(
    parse.optionalEmail,
    '',
    'Makes this administrator at the start while there is no administrator at all.',
  ),
  ADMIN_PASSWORD: described(parse.secretLine, '', 'Password of that administrator.'),

  ...accountSettings,

  COOKIE_DOMAIN: described(parse.optionalDomain, '', 'Domain of the token cookies. Empty: this host alone.'),
  COOKIE_SAMESITE: described(parse.choice('lax', 'strict', 'none'), 'lax', 'SameSite of the token cookies.'),
  COOKIE_SECURE: described(
    parse.optionalFlag,
    'true in production or when PUBLIC_URL is https',
    'Secure flag and name prefix of the token cookies.',
  ),
  CORS_ORIGINS: described(
    parse.optionalOrigins,
    'origin of APP_URL',
    'Comma-separated origins of the frontends that may call from a browser.',
  ),
  TRUST_PROXY: described(parse.proxies, '0', 'Proxies in front: a number of hops, or their addresses.'),

  RATE_LIMITS_ENABLED: described(parse.flag(true), 'true', 'Rate limits (docs/rate-limits.md). False is for tests.'),
  INTROSPECTION: described(parse.optionalFlag, 'false in production, else true', 'Lets clients query the schema.'),
  IDE: described(parse.optionalFlag, 'false in production, else true', 'Serves the playground at /ide.'),

  SHUTDOWN_DELAY: described(
    parse.delay('1s', '1h'),
    '0',
    'How long requests are still accepted after SIGTERM, while load balancers notice that this instance is not ready.',
  ),
  SHUTDOWN_TIMEOUT: described(
    parse.duration('30s', '1s', '1d'),
    '30s',
    'How long requests may be in flight after SHUTDOWN_DELAY.',
  ),
  LOG_LEVEL: described(
    parse.choice('info', 'fatal', 'error', 'warn', 'debug', 'trace', 'silent'),
    'info',
    'Least severity that is logged, apart from the audit trail and warnings about the configuration.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: described(
    parse.optionalHttpUrl,
    '',
    'OpenTelemetry collector that traces are sent to, over HTTP (docs/operations/tracing.md).',
  ),
  METRICS_ENABLED: described(
    parse.flag(false),
    'false',
    'Prometheus metrics at /metrics (docs/operations/metrics.md).',
  ),
  METRICS_PORT: described(parse.integer(9464, 0, 65_535), '9464', 'Port of the metrics, apart from the API.'),
  METRICS_TOKEN: described(
    parse.secretLine,
    '',
    'Who scrapes has to send this as a bearer token: at least 16 random bytes. Empty: nobody is asked.',
  ),
});
