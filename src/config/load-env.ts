import { existsSync, readFileSync, statSync } from 'node:fs';
import { unreadable } from '../common/unreadable.js';
import { accepted, ConfigError, problemsOf, type Env } from './env.js';
import { type EnvFile, parseEnvFile } from './env-file.js';
import { envSchema } from './env.schema.js';
import { judgeConfiguration, type ModuleRules } from './judgement.js';

const ENV_FILE = '.env';

/**
 * The configuration of this process.
 *
 * @param warn takes what is unwise about `.env`
 * @throws ConfigError with all that is wrong
 */
export function loadEnv(rules: Pick<ModuleRules, 'problems'>, warn: (warning: string) => void): Env {
  const file = readEnvFile();
  for (const warning of [...unknownNames(file).map(unknownName), ...modeWarnings()]) warn(`${ENV_FILE}: ${warning}`);
  return accepted(judgeConfiguration(file, process.env, rules));
}

/**
 * For what needs the database and nothing else: migrations run without the secrets of the server.
 *
 * @throws ConfigError with all that is wrong
 */
export function loadDatabaseEnv(): Pick<Env, 'DATABASE_URL'> {
  const { values, problems } = readEnvFile();
  const { data, error } = envSchema.pick({ DATABASE_URL: true }).safeParse({ ...values, ...process.env });
  if (error || problems.length > 0) throw new ConfigError([...problems, ...(error ? problemsOf(error) : [])]);
  return data;
}

/** The file alone, without the environment of the process. */
export function readEnvFile(): EnvFile {
  try {
    return parseEnvFile(existsSync(ENV_FILE) ? readFileSync(ENV_FILE, 'utf8') : '');
  } catch (error) {
    // A container that mounts a file which is not there gets a folder of that name.
    const problems = [{ name: ENV_FILE, reason: unreadable(error) }];
    return { values: {}, problems, unclear: Object.keys(envSchema.shape) };
  }
}

/** What a file sets that no setting is called. */
export const unknownNames = ({ values }: EnvFile): string[] =>
  Object.keys(values).filter((name) => !Object.hasOwn(envSchema.shape, name));

/** In the file an unknown name is likely a typo. In the environment of the process it belongs to another program. */
const unknownName = (name: string): string => `${name} is not a setting of Latchkey and is ignored.`;

/** What the mode of the file lets others than its owner do. Windows has no such mode, and a folder of that name no secrets. */
export function modeWarnings(): string[] {
  const stats = statSync(ENV_FILE, { throwIfNoEntry: false });
  if (process.platform === 'win32' || !stats?.isFile()) return [];
  const mode = stats.mode & 0o777;
  const isPrivate = (mode & 0o077) === 0;
  return isPrivate
    ? []
    : [`others can read or change it (mode ${mode.toString(8)}). Give it mode 600: it holds secrets.`];
}

/** For a program that speaks to people alone: ends the process with one line for each problem when there is any. */
export function orExit<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`Latchkey can not start with this configuration:\n${error.message}\n`);
    process.exit(1);
  }
}
