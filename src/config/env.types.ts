import type * as z from 'zod';
import type { envSchema } from './env.schema.js';

/** The variables as each of them was read, before defaults that depend on others. */
export type ParsedEnv = z.infer<typeof envSchema>;

/** The configuration: complete, consistent and frozen. Durations are in seconds. */
export type Env = Readonly<
  Omit<ParsedEnv, keyof Defaults | 'JWT_SECRET'> & Defaults & { JWT_SECRET: string; isProduction: boolean }
>;

/** Variables whose default depends on others. */
interface Defaults {
  HOST: string;
  PUBLIC_URL: string;
  APP_URL: string;
  JWT_ISSUER: string;
  COOKIE_SECURE: boolean;
  CORS_ORIGINS: string[];
  INTROSPECTION: boolean;
  IDE: boolean;
}

/** One thing that is wrong with the configuration. `reason` never repeats the value. */
export interface ConfigProblem {
  readonly name: string;
  readonly reason: string;
}
