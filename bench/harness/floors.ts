import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE } from './latchkey.ts';
import type { Blueprint } from './server.ts';

/** A server of `bench/floors/`, on a SQLite file with Latchkey's tables. */
export function floor(name: string, program: string, file: string): Blueprint {
  const path = fileURLToPath(new URL(`../floors/${program}.ts`, import.meta.url));
  const env = { ...COMPILE_CACHE, NODE_ENV: 'production' };
  return { name, command: (port) => ({ args: [path, file, String(port)], cwd: '/', env }) };
}
