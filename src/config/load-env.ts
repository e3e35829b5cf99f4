import { existsSync, readFileSync } from 'node:fs';
import { ConfigError, type Env, parseEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import { envSchema } from './env.schema.js';

const ENV_FILE = '.env';

/** The configuration of this process. Ends the process with one line for each problem when there is any. */
export function loadEnv(): Env {
  const file = readEnvFile();
  const unknown = Object.keys(file).filter((name) => !(name in envSchema.shape));
  for (const name of unknown)
    process.stderr.write(`${ENV_FILE}: ${name} is not a setting of Latchkey and is ignored.\n`);
  return orExit(() => parseEnv({ ...file, ...process.env }));
}

/** For what needs the database and nothing else: migrations run without the secrets of the server. */
export function loadDatabaseEnv(): Pick<Env, 'DATABASE_URL'> {
  const raw = { ...readEnvFile(), ...process.env };
  return { DATABASE_URL: envSchema.shape.DATABASE_URL.parse(raw['DATABASE_URL']) };
}

function readEnvFile(): Record<string, string> {
  return existsSync(ENV_FILE) ? parseEnvFile(readFileSync(ENV_FILE, 'utf8')) : {};
}

function orExit(parse: () => Env): Env {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`Latchkey can not start with this configuration:\n${error.message}\n`);
    process.exit(1);
  }
}
