import { DriverException } from '@mikro-orm/core';
import Database from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { LRUCache } from 'lru-cache';
import type { DatabaseBounds } from './database-bounds.js';
import { keepPrivate } from './private-file.js';

/** More than there are texts with parameters in the code, lists of different lengths among them. */
const MAX_STATEMENTS = 200;

/** Longer ones are lists of values, which do not come again. */
const MAX_STATEMENT_LENGTH = 4_000;

const TRANSACTION_CONTROL = new Set(['begin immediate', 'commit', 'rollback']);

/** How long a migration waits for another process's write. A server's wait is DATABASE_LOCK_TIMEOUT. */
const DEFAULT_LOCK_TIMEOUT = 5;

/**
 * SQLite opened for a server that must not lose an acknowledged write: WAL lets readers pass a writer, and
 * synchronous=FULL keeps commits through a power loss (NORMAL may drop the last ones).
 */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: () => Promise<SqliteDatabase>;

  /** @param bounds absent for migrations */
  constructor(file: string, bounds?: DatabaseBounds) {
    const database = async () => preparing(open(file, bounds?.DATABASE_LOCK_TIMEOUT ?? DEFAULT_LOCK_TIMEOUT));
    super({ database });
    this.#database = database;
  }

  override createAdapter(): DialectAdapter {
    return new TurnTakingAdapter();
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver({ database: this.#database });
  }
}

class TurnTakingAdapter extends SqliteAdapter {
  /** Keeps Kysely from taking turns: `ImmediateSqliteDriver` does. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/**
 * Begins every transaction IMMEDIATE: a deferred one takes the write lock at its first write, and fails at once,
 * whatever the busy timeout, when another process wrote since its first read (sqlite.org/lang_transaction.html).
 */
class ImmediateSqliteDriver extends SqliteDriver {
  /**
   * Who may use the one connection. Kysely's own way never gives it back after a BEGIN or ROLLBACK that failed, and then
   * everybody waits for ever (kysely-org/kysely#1990).
   */
  #turn = Promise.withResolvers<undefined>();
  #last: Promise<unknown> = Promise.resolve();

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    const turn = Promise.withResolvers<undefined>();
    this.#last = turn.promise;
    await before;
    this.#turn = turn;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.#turn.resolve(undefined);
  }

  override beginTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#orGiveUp(connection.executeQuery(CompiledQuery.raw('begin immediate')));
  }

  override rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#orGiveUp(
      super.rollbackTransaction(connection).catch((error: unknown) => {
        // A full disk, among others, makes SQLite roll back by itself (sqlite.org/lang_transaction.html): the error that did
        // it is the one to tell.
        if (!(error instanceof Error && error.message === 'cannot rollback - no transaction is active')) throw error;
      }),
    );
  }

  async #orGiveUp(statement: Promise<unknown>): Promise<void> {
    try {
      await statement;
    } catch (error) {
      this.#turn.resolve(undefined);
      // MikroORM wraps what the driver throws, but not for these two.
      throw new DriverException(error as Error);
    }
  }
}

function open(file: string, lockTimeout: number): Database.Database {
  if (file !== ':memory:') keepPrivate(file);
  const database = new Database(file, { timeout: lockTimeout * 1000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}

/** Compiles a text with parameters once: that takes longer than to read a row by its key. The ORM's texts hold their values. */
function preparing(database: Database.Database): SqliteDatabase {
  const statements = new LRUCache<string, SqliteStatement>({ max: MAX_STATEMENTS });
  const compile = (sql: string) => withoutBytes(database.prepare(sql));
  return {
    prepare(sql) {
      if (!isRepeated(sql)) return compile(sql);
      const statement = statements.get(sql) ?? compile(sql);
      statements.set(sql, statement);
      return statement;
    },
    close: () => database.close(),
  };
}

/**
 * SQLite keeps bytes in a column of any type. None of ours holds bytes: they are read as the text with which SQL writes them, so
 * that no code has to reckon with a buffer where a text or a moment belongs.
 */
function withoutBytes(statement: Database.Statement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => statement.all(parameters).map(withText),
    run: (parameters) => statement.run(parameters),
    iterate: (parameters) => statement.iterate(parameters),
  };
}

function withText(row: unknown): unknown {
  const values = row as Record<string, unknown>;
  // Of every row that is read: without an array for each of its columns.
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (Buffer.isBuffer(value)) values[name] = `x'${value.toString('hex')}'`;
  }
  return values;
}

const isRepeated = (sql: string): boolean =>
  TRANSACTION_CONTROL.has(sql) || (sql.includes('?') && sql.length <= MAX_STATEMENT_LENGTH);
