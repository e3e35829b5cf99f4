import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Env, parseEnv } from '../../src/config/env.js';

/** Cheap enough for a suite of hundreds of logins; production refuses it. */
const TEST_BCRYPT_COST = '4';

/** Where the mails of tests that are not about mails end up. */
export const TEST_OUTBOX = join(tmpdir(), `latchkey-outbox-${String(process.pid)}`);

/** The configuration of a test: the defaults of the product, but for what would make a test slow or noisy. */
export function testEnv(databaseUrl: string, overrides: Record<string, string> = {}): Env {
  return parseEnv({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: randomBytes(48).toString('base64url'),
    BCRYPT_COST: TEST_BCRYPT_COST,
    // A suite signs up hundreds of users from one address. The tests of the limits turn them on.
    RATE_LIMITS_ENABLED: 'false',
    // ... and as many log in without a cookie. The tests of the notice turn it on.
    NEW_DEVICE_NOTICE: 'false',
    MAIL_OUTBOX: TEST_OUTBOX,
    // A worker that collects gigabytes of garbage answers nobody for seconds. Tests of these bounds set their own.
    DATABASE_CONNECT_TIMEOUT: '60s',
    DATABASE_STATEMENT_TIMEOUT: '60s',
    ...overrides,
  });
}
