import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';

declare global {
  /** Set by `jest.config.js` for each of its projects. */
  var TEST_ENGINE: 'sqlite' | 'postgres';
}

/** The engine that this run of the file is about; a file of the e2e suite runs once on each. */
export const testEngine = globalThis.TEST_ENGINE;

const IN_MEMORY = 'sqlite::memory:';

/** A `DATABASE_URL` of a new, empty database for one application: in memory where the engine can. */
export function testDatabaseUrl(): Promise<string> {
  return testEngine === 'postgres' ? createPostgresDatabase() : Promise.resolve(IN_MEMORY);
}

/** A `DATABASE_URL` of a new, empty database which several applications and processes can open. */
export function temporaryDatabaseUrl(): Promise<string> {
  return testEngine === 'postgres' ? createPostgresDatabase() : createSqliteFile();
}

/** Deletes what one of the two above made, also under open connections. */
export async function dropDatabase(url: string): Promise<void> {
  if (url === IN_MEMORY) return;
  if (url.startsWith('sqlite:')) {
    await rm(dirname(url.slice('sqlite:'.length)), { recursive: true, force: true });
    return;
  }
  await administer(`DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}

async function createSqliteFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sqlite-'));
  return `sqlite:${join(folder, 'test.sqlite')}`;
}

async function createPostgresDatabase(): Promise<string> {
  const name = `latchkey_test_${randomBytes(8).toString('hex')}`;
  // template0 has no connections that could be in the way when two workers copy at the same time.
  await administer(`CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function postgresUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined) throw new Error('TEST_POSTGRES_URL is not set: this file belongs into the postgres project');
  return url;
}
