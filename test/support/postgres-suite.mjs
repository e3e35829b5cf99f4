/**
 * Jest's global set-up and tear-down of the `postgres` project: one server for all its files. The user's own takes its
 * place where DATABASE_URL names one.
 */
import { PostgresServer } from './postgres-server.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

let server;

export default async function start() {
  const { DATABASE_URL = '' } = process.env;
  if (/^postgres(ql)?:/.test(DATABASE_URL)) {
    process.env.TEST_POSTGRES_URL = DATABASE_URL;
    return;
  }
  // Jest tears nothing down when it is interrupted. The server removes itself when the process exits, but not when a
  // signal ends it.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(1));
  server = await PostgresServer.create();
  process.env.TEST_POSTGRES_URL = server.url;
}

export async function stop() {
  await server?.remove();
}
