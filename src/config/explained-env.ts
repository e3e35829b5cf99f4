import * as z from 'zod';
import type { RawEnv } from './env.js';
import type { EnvFile } from './env-file.js';
import { envSchema } from './env.schema.js';
import type { ConfigProblem } from './env.types.js';
import { configWarnings } from './env.warnings.js';
import { judgeConfiguration, type ModuleRules } from './judgement.js';

/** One setting as it is in force, for an operator. */
export interface ExplainedSetting {
  readonly name: keyof typeof envSchema.shape;
  /** As it was written. Null: there is none. Never a secret. */
  readonly value: string | null;
  readonly from: 'environment' | '.env' | 'default';
  readonly description: string;
}

const HIDDEN = '(hidden)';
const SECRETS: readonly string[] = ['JWT_SECRET', 'JWT_PREVIOUS_SECRETS', 'ADMIN_PASSWORD', 'METRICS_TOKEN'];

/** Their default follows from others: what it has become says more than its rule. */
const DEPENDENT = [
  'HOST',
  'PUBLIC_URL',
  'APP_URL',
  'JWT_ISSUER',
  'COOKIE_SECURE',
  'CORS_ORIGINS',
  'INTROSPECTION',
  'IDE',
] as const;
const isDependent = (name: string): name is (typeof DEPENDENT)[number] => DEPENDENT.some((one) => one === name);

const facts = z.object({ description: z.string(), fallback: z.string() });

/** Every setting, where it comes from, what is wrong with them, and what is only unwise. The environment wins over the file. */
export function explainEnv(
  file: EnvFile,
  environment: RawEnv,
  rules: ModuleRules,
): { settings: ExplainedSetting[]; problems: readonly ConfigProblem[]; warnings: string[] } {
  const { env, problems } = judgeConfiguration(file, environment, rules);
  const settings = Object.entries(envSchema.shape).map(([key, schema]): ExplainedSetting => {
    const name = key as ExplainedSetting['name'];
    const { description, fallback } = facts.parse(schema.meta());
    const given = environment[name] ?? file.values[name];
    // An empty text counts as unset, except where an amount is expected (`parsers.ts`).
    const { success: isReadable } = schema.safeParse(given);
    if (given === undefined || (given === '' && isReadable)) {
      const value = isDependent(name) ? String(env[name]) : fallback || null;
      return { name, value, from: 'default', description };
    }
    // What can not be read may be a secret in the wrong place.
    const value = isReadable ? shown(name, given) : HIDDEN;
    return { name, value, from: environment[name] === undefined ? '.env' : 'environment', description };
  });
  return { settings, problems, warnings: [...configWarnings(env), ...rules.warnings(env)] };
}

/** Credentials of a URL are in front of its host or in its query. */
function shown(name: string, given: string): string {
  if (SECRETS.includes(name)) return HIDDEN;
  return given.replace(/:\/\/.*@/s, `://${HIDDEN}@`).replace(/\?.*$/s, `?${HIDDEN}`);
}
