import type { EntityClass, Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { Env } from '../config/env.js';
import { BoundedPostgresDialect } from './bounded-postgres.dialect.js';
import type { DatabaseBounds } from './database-bounds.js';
import { ExactSqliteDriver } from './exact-sqlite.driver.js';
import { ImmediateSqliteDialect } from './immediate-sqlite.dialect.js';
import { postgresMigrations } from './migrations/postgres/index.js';
import { sqliteMigrations } from './migrations/sqlite/index.js';

const SQLITE_PREFIX = 'sqlite:';

/** True when `DATABASE_URL` names the embedded engine. */
export const isSqlite = (url: string): boolean => url.startsWith(SQLITE_PREFIX);

/**
 * MikroORM's options for either engine. The server, the command line, the MikroORM CLI (mikro-orm.config.ts) and the
 * tests all build theirs here.
 */
export function ormOptions(
  { DATABASE_URL: url }: Pick<Env, 'DATABASE_URL'>,
  entities: EntityClass[],
  bounds?: DatabaseBounds,
): Partial<Options> {
  return {
    ...(isSqlite(url) ? sqliteOptions(url, bounds) : postgresOptions(url, bounds)),
    entities,
    extensions: [Migrator],
    // The queries hold password hashes and token salts: they are never logged (ASVS 16.2.5).
    debug: false,
  };
}

function sqliteOptions(url: string, bounds?: DatabaseBounds): Partial<Options> {
  const file = url.slice(SQLITE_PREFIX.length);
  return {
    driver: ExactSqliteDriver,
    dbName: file,
    driverOptions: new ImmediateSqliteDialect(file, bounds),
    migrations: migrations('sqlite', sqliteMigrations),
  };
}

function postgresOptions(url: string, bounds?: DatabaseBounds): Partial<Options> {
  return {
    driver: PostgreSqlDriver,
    clientUrl: url,
    driverOptions: new BoundedPostgresDialect(url, bounds),
    migrations: migrations('postgres', postgresMigrations),
  };
}

/** Migrations are listed by class, so that the built server, the tests and the CLI run the very same ones. */
function migrations(
  engine: 'sqlite' | 'postgres',
  migrationsList: NonNullable<Options['migrations']>['migrationsList'],
) {
  return {
    migrationsList: migrationsList ?? [],
    path: `src/database/migrations/${engine}`,
    snapshot: false,
    silent: true,
    emit: 'ts' as const,
  };
}
