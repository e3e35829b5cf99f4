/**
 * Jest's global set-up and tear-down of the `postgres` project: one PostgreSQL and one Redis for all its files. The user's
 * own PostgreSQL takes its place where DATABASE_URL names one.
 */
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** One for each server that a test starts. */
const DATABASES = 10_000;

let postgres;
let redis;

export default async function start() {
  // Jest tears nothing down when it is interrupted. The server removes itself when the process exits, but not when a
  // signal ends it.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(1));
  const { DATABASE_URL = '' } = process.env;
  if (!/^postgres(ql)?:/.test(DATABASE_URL)) postgres = await PostgresServer.create();
  redis = await RedisServer.create([`databases ${DATABASES}`]);
  process.env.TEST_POSTGRES_URL = postgres?.url ?? DATABASE_URL;
  process.env.TEST_REDIS_URL = redis.url;
}

export async function stop() {
  await postgres?.remove();
  await redis?.remove();
}
