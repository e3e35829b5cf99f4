import { randomBytes } from 'node:crypto';
import { type Env, parseEnv } from '../../src/config/env.js';

/** Cheap enough for a suite of hundreds of logins; production refuses it. */
const TEST_BCRYPT_COST = '4';

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
    ...overrides,
  });
}
