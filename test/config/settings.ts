import { randomBytes } from 'node:crypto';
import { ConfigError, type ConfigProblem, type Env, parseEnv } from '../../src/config/env.js';

export const SECRET = randomBytes(48).toString('base64url');

/** The least that production accepts. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  JWT_SECRET: SECRET,
  PUBLIC_URL: 'https://auth.example.com',
  APP_URL: 'https://app.example.com',
};

type Raw = Record<string, string | undefined>;

export const parse = (raw: Raw = {}): Env => parseEnv({ JWT_SECRET: SECRET, ...raw });

export function problemsOf(raw: Raw): readonly ConfigProblem[] {
  try {
    parse(raw);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

export const refusedNames = (raw: Raw): string[] => problemsOf(raw).map(({ name }) => name);
