import { SqliteDriver, SqlitePlatform } from '@mikro-orm/sqlite';

/**
 * SQLite keeps any value in a column of any type. A moment is a whole number of milliseconds: a text or a fraction that could be
 * read as one would be sorted and compared as something else, and is none.
 */
class ExactPlatform extends SqlitePlatform {
  override parseDate(value: string | number): Date {
    return new Date(Number.isInteger(value) ? value : NaN);
  }
}

/** SQLite whose values are what this server writes, and nothing that can be taken for it. */
export class ExactSqliteDriver extends SqliteDriver {
  protected override readonly platform = new ExactPlatform();
}
