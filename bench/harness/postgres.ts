import { spawnSync } from 'node:child_process';
import { Client } from 'pg';
import pidusage from 'pidusage';
import { findPostgresBinaries, type PostgresServer } from '../../test/support/postgres-server.ts';

export { PostgresServer } from '../../test/support/postgres-server.ts';
export { RedisServer } from '../../test/support/redis-server.ts';

export const hasPostgres = (): boolean => findPostgresBinaries() !== undefined;
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A new database. @returns its URL */
export async function createDatabase(server: PostgresServer, name: string): Promise<string> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return server.url.replace(/[^/]+$/, name);
}

/** CPU milliseconds so far of the connections to a database. */
export async function databaseCpuMs(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  await client.end();
  const usages = await Promise.all(rows.map(({ pid }) => pidusage(pid)));
  return usages.reduce((sum, { ctime }) => sum + ctime, 0);
}
