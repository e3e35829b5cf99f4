import { existsSync, readFileSync, statSync } from 'node:fs';
import { unreadable } from '../common/unreadable.js';
import { ConfigError, configErrorOf, type Env, parseEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import { envSchema } from './env.schema.js';

const ENV_FILE = '.env';

/** The configuration of this process. Ends the process with one line for each problem when there is any. */
export function loadEnv(): Env {
  return orExit(() => {
    const file = readEnvFile();
    for (const warning of [...unknownNames(file).map(unknownName), ...modeWarnings()]) {
      process.stderr.write(`${ENV_FILE}: ${warning}\n`);
    }
    return parseEnv({ ...file, ...process.env });
  });
}

/** For what needs the database and nothing else: migrations run without the secrets of the server. */
export function loadDatabaseEnv(): Pick<Env, 'DATABASE_URL'> {
  return orExit(() => {
    const result = envSchema.pick({ DATABASE_URL: true }).safeParse({ ...readEnvFile(), ...process.env });
    if (!result.success) throw configErrorOf(result.error);
    return result.data;
  });
}

/** The file alone, without the environment of the process. */
export function readEnvFile(): Record<string, string> {
  try {
    return existsSync(ENV_FILE) ? parseEnvFile(readFileSync(ENV_FILE, 'utf8')) : {};
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // A container that mounts a file which is not there gets a folder of that name.
    throw new ConfigError([{ name: ENV_FILE, reason: unreadable(error) }]);
  }
}

/** What a file sets that no setting is called. */
export const unknownNames = (file: Readonly<Record<string, string>>): string[] =>
  Object.keys(file).filter((name) => !Object.hasOwn(envSchema.shape, name));

/** In the file an unknown name is likely a typo. In the environment of the process it belongs to another program. */
const unknownName = (name: string): string => `${name} is not a setting of Latchkey and is ignored.`;

/** What the mode of the file lets others than its owner do. Windows has no such mode. */
export function modeWarnings(): string[] {
  const mode = process.platform === 'win32' || !existsSync(ENV_FILE) ? 0 : statSync(ENV_FILE).mode & 0o777;
  const isPrivate = (mode & 0o077) === 0;
  return isPrivate
    ? []
    : [`others can read or change it (mode ${mode.toString(8)}). Give it mode 600: it holds secrets.`];
}

function orExit<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`Latchkey can not start with this configuration:\n${error.message}\n`);
    process.exit(1);
  }
}
