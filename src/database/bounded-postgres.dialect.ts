import { createPostgreSqlTypeParsers } from '@mikro-orm/postgresql';
import { DriverException } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import {
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  PostgresDriver,
  type PostgresPool,
  type PostgresPoolClient,
  type TransactionSettings,
} from 'kysely';
import { Pool, type PoolClient, type PoolConfig, type QueryResult, TypeOverrides } from 'pg';
import { parse as parseArray } from 'postgres-array';
import { inSpan } from '../telemetry/span.js';
import type { DatabaseBounds } from './database-bounds.js';

const OF_DATABASE = { 'db.system.name': 'postgresql' };

/** The server ends a statement itself. When it does not even do that (frozen, unplugged), the client gives up after this. */
const CLIENT_MARGIN_MS = 1_000;

/**
 * PostgreSQL for a server that outlives its database: nothing waits without a bound, a connection that was lost or given
 * up is replaced, and none is kept by a transaction that failed.
 */
export class BoundedPostgresDialect extends PostgresDialect {
  readonly #pool: () => Promise<PostgresPool>;

  /** @param bounds absent for migrations, which may take their time */
  constructor(url: string, bounds?: DatabaseBounds) {
    const pool = async (): Promise<PostgresPool> => new BoundedPool(poolConfig(url, bounds));
    super({ pool });
    this.#pool = pool;
  }

  override createDriver(): Driver {
    return new ReleasingPostgresDriver({ pool: this.#pool });
  }
}

function poolConfig(url: string, bounds?: DatabaseBounds): PoolConfig {
  return {
    connectionString: url,
    application_name: 'latchkey',
    keepAlive: true,
    types: ormTypes(),
    ...(bounds && {
      max: bounds.DATABASE_POOL_SIZE,
      connectionTimeoutMillis: bounds.DATABASE_CONNECT_TIMEOUT * 1000,
      statement_timeout: bounds.DATABASE_STATEMENT_TIMEOUT * 1000,
      lock_timeout: bounds.DATABASE_LOCK_TIMEOUT * 1000,
      // A transaction of ours never waits for anything but the database.
      idle_in_transaction_session_timeout: bounds.DATABASE_STATEMENT_TIMEOUT * 1000,
      query_timeout: bounds.DATABASE_STATEMENT_TIMEOUT * 1000 + CLIENT_MARGIN_MS,
    }),
  };
}

/** The ORM reads moments itself. */
function ormTypes(): TypeOverrides {
  const types = new TypeOverrides();
  const parsers = Object.entries(createPostgreSqlTypeParsers((text) => parseArray(text)));
  for (const [oid, parser] of parsers) types.setTypeParser(Number(oid), parser);
  return types;
}

class BoundedPool implements PostgresPool {
  readonly #pool: Pool;

  constructor(readonly options: PoolConfig) {
    this.#pool = new Pool(options);
    // Node ends a process whose 'error' event nobody hears (brianc/node-postgres#2635). Whoever waits for an answer gets
    // the error too; the pool has dropped the connection by now and makes another one when it is needed.
    const report = (error: Error) => new Logger('PostgreSQL').warn(`A connection was lost: ${error.message}`);
    this.#pool.on('error', report);
    this.#pool.on('connect', (client) => client.on('error', report));
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = new BoundedClient(await this.#pool.connect());
    // The type also knows cursors. Kysely sends texts alone to a dialect that was given none.
    return client as unknown as PostgresPoolClient;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

class BoundedClient {
  #givenUp: Error | undefined;

  constructor(private readonly client: PoolClient) {}

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryResult> {
    // The answer to the former statement may still come: no other may be sent.
    if (this.#givenUp) throw this.#givenUp;
    try {
      return await inSpan('PostgreSQL', OF_DATABASE, () => this.client.query(sql, [...parameters]));
    } catch (error) {
      if (error instanceof Error && error.message === 'Query read timeout') this.#givenUp = error;
      throw error;
    }
  }

  /** A connection that was given up is closed, and not handed to the next one. */
  release(): void {
    this.client.release(this.#givenUp);
  }
}

/** Kysely never gives a connection back whose BEGIN or ROLLBACK failed, until the pool is empty (kysely-org/kysely#1990). */
class ReleasingPostgresDriver extends PostgresDriver {
  override beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#orRelease(connection, super.beginTransaction(connection, settings));
  }

  override rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#orRelease(connection, super.rollbackTransaction(connection));
  }

  async #orRelease(connection: DatabaseConnection, statement: Promise<void>): Promise<void> {
    try {
      await statement;
    } catch (error) {
      // The PostgreSQL driver knows its own connections alone, and Kysely hands out no other.
      await this.releaseConnection(connection as Parameters<PostgresDriver['releaseConnection']>[0]);
      // MikroORM wraps what the driver throws, but not for these two.
      throw new DriverException(error as Error);
    }
  }
}
