import { existsSync, readFileSync } from 'node:fs';
import { ConfigError, configErrorOf, type Env, parseEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import { envSchema } from './env.schema.js';

const ENV_FILE = '.env';

/** The configuration of this process. Ends the process with one line for each problem when there is any. */
export function loadEnv(): Env {
  return orExit(() => {
    const file = readEnvFile();
    warnOfUnknownNames(file);
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
    // A container that mounts a file which is not there gets a folder of that name.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ConfigError([{ name: ENV_FILE, reason: `can not be read (${code})` }]);
  }
}

/** What a file sets that no setting is called. */
export const unknownNames = (file: Readonly<Record<string, string>>): string[] =>
  Object.keys(file).filter((name) => !Object.hasOwn(envSchema.shape, name));

/** In the file an unknown name is likely a typo. In the environment of the process it is somebody else's. */
function warnOfUnknownNames(file: Readonly<Record<string, string>>): void {
  for (const name of unknownNames(file)) {
    process.stderr.write(`${ENV_FILE}: ${name} is not a setting of Latchkey and is ignored.\n`);
  }
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
