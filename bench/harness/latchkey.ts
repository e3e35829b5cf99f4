import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Blueprint } from './server.ts';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const COMPILE_CACHE = { NODE_COMPILE_CACHE: inProject('node_modules/.cache/bench-compile') };

const JWT_SECRET = randomBytes(48).toString('base64');

export interface Deployment {
  readonly name: string;
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  /** Where the process runs and writes its mails. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Latchkey as an operator runs it: production rules, every setting its default. Each visitor comes through a proxy. */
export function latchkey({ name, databaseUrl, redisUrl, folder, env }: Deployment): Blueprint {
  const settings = {
    ...COMPILE_CACHE,
    NODE_ENV: 'production',
    JWT_SECRET,
    DATABASE_URL: databaseUrl,
    TRUST_PROXY: '1',
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    ...env,
  };
  return {
    name,
    command: (port) => ({ args: [inProject('dist/main.js')], cwd: folder, env: { ...settings, PORT: String(port) } }),
  };
}

/** Makes the tables. */
export function migrate(databaseUrl: string, folder: string): void {
  const env = { ...COMPILE_CACHE, JWT_SECRET, DATABASE_URL: databaseUrl };
  execFileSync(process.execPath, [inProject('dist/cli/main.js'), 'db', 'migrate'], { cwd: folder, env });
}
