import { type JudgedEnv, judgeEnv, type RawEnv } from './env.js';
import type { EnvFile } from './env-file.js';
import type { ConfigProblem, Env } from './env.types.js';

/** What modules know of settings, and this folder does not. */
export interface ModuleRules {
  /** What is wrong with a configuration. A setting that is malformed is unset. */
  problems(env: Env): readonly ConfigProblem[];
  /** What is only unwise, each in a sentence. */
  warnings(env: Env): readonly string[];
}

/** All that is wrong with a configuration: the server and `config check` say the same by it. The environment wins over the file. */
export function judgeConfiguration(
  { values, problems: lines, unclear }: EnvFile,
  environment: RawEnv,
  rules: Pick<ModuleRules, 'problems'>,
): JudgedEnv {
  const unknown = unclear.filter((name) => environment[name] === undefined);
  const { env, problems } = judgeEnv({ ...values, ...environment }, unknown);
  return { env, problems: [...lines, ...problems, ...rules.problems(env)] };
}
