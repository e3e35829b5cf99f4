import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { CompiledQuery, type DatabaseConnection, type Driver, SqliteDialect, SqliteDriver } from 'kysely';

/** How long a writer waits for another process's write before it fails as SERVICE_UNAVAILABLE. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * SQLite opened for a server that must not lose an acknowledged write: WAL lets readers pass a writer, and
 * synchronous=FULL keeps commits through a power loss (NORMAL may drop the last ones).
 */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly #file: string;

  constructor(file: string) {
    super({ database: async () => open(file) });
    this.#file = file;
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver({ database: async () => open(this.#file) });
  }
}

/**
 * Begins every transaction IMMEDIATE: a deferred one takes the write lock at its first write, and fails at once,
 * whatever the busy timeout, when another process wrote since its first read (sqlite.org/lang_transaction.html).
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

function open(file: string): Database.Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}
