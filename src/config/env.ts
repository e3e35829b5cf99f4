import type { ZodError } from 'zod';
import { envSchema } from './env.schema.js';
import { configProblems } from './env.rules.js';
import type { ConfigProblem, Env, ParsedEnv } from './env.types.js';

export type { ConfigProblem, Env };

export type RawEnv = Readonly<Record<string, string | undefined>>;

/** The injection token of the parsed environment: `@Inject(ENV) env: Pick<Env, 'BCRYPT_COST'>`. */
export const ENV = Symbol('ENV');

/** The server does not start with a configuration that it would have to guess at. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(({ name, reason }) => `${name} ${reason}`).join('\n'));
    this.name = 'ConfigError';
  }
}

/** What the schema found, by name and without the values. */
export function problemsOf({ issues }: ZodError): ConfigProblem[] {
  return issues.map(({ path, message }) => ({ name: path.join('.'), reason: message }));
}

/** Pure: the same input gives the same result or the same complete list of problems, thrown as `ConfigError`. */
export function parseEnv(raw: RawEnv): Env {
  return accepted(judgeEnv(raw));
}

/** An environment, and all that is wrong with it. With problems, `env` is what it would be without what is malformed. */
export interface JudgedEnv {
  readonly env: Env;
  readonly problems: readonly ConfigProblem[];
}

/** @throws ConfigError with all problems */
export function accepted({ env, problems }: JudgedEnv): Env {
  if (problems.length > 0) throw new ConfigError(problems);
  for (const value of Object.values(env)) Object.freeze(value);
  return Object.freeze(env);
}

/**
 * The same without throwing.
 *
 * @param unclear names of variables of which it is not known what they are set to, and which is a problem of its own
 */
export function judgeEnv(raw: RawEnv, unclear: readonly string[] = []): JudgedEnv {
  const known = without(raw, unclear);
  const { error } = envSchema.safeParse(known);
  const malformed = error ? problemsOf(error) : [];
  const names = malformed.map(({ name }) => name);
  // What is malformed counts as unset from here on, so that the rules over all the others are judged in the same run.
  const env = complete(envSchema.parse(without(known, names)));
  return { env, problems: [...malformed, ...configProblems(env, new Set([...unclear, ...names]))] };
}

const without = (raw: RawEnv, names: readonly string[]): RawEnv => ({
  ...raw,
  ...Object.fromEntries(names.map((name) => [name, undefined])),
});

function complete(parsed: ParsedEnv): Env {
  const isProduction = !['development', 'test'].includes(parsed.NODE_ENV);
  const PUBLIC_URL = parsed.PUBLIC_URL ?? `http://localhost:${parsed.PORT}`;
  const APP_URL = parsed.APP_URL ?? 'http://localhost:5173';
  return {
    ...parsed,
    isProduction,
    PUBLIC_URL,
    APP_URL,
    HOST: parsed.HOST ?? (isProduction ? '0.0.0.0' : '127.0.0.1'),
    JWT_SECRET: parsed.JWT_SECRET ?? '',
    JWT_ISSUER: parsed.JWT_ISSUER ?? PUBLIC_URL,
    COOKIE_SECURE: parsed.COOKIE_SECURE ?? (isProduction || PUBLIC_URL.startsWith('https:')),
    CORS_ORIGINS: parsed.CORS_ORIGINS ?? [new URL(APP_URL).origin],
    INTROSPECTION: parsed.INTROSPECTION ?? !isProduction,
    IDE: parsed.IDE ?? !isProduction,
  };
}
