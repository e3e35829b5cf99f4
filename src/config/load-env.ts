import { parseEnv, type Env } from './env.js';
export function loadEnv(): Env {
  return parseEnv(process.env);
}
