import { MikroORM } from '@mikro-orm/core';
import { type AbstractSqlDriver, DatabaseSchema, type DatabaseTable } from '@mikro-orm/postgresql';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { testEnv } from '../support/test-env.js';

interface Index {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The tables that the migrations make, as the database describes them. */
async function tablesOf(url: string): Promise<DatabaseTable[]> {
  const orm = await MikroORM.init(ormOptions(testEnv(url), entities));
  try {
    await orm.migrator.up();
    const { driver } = orm.em as unknown as { driver: AbstractSqlDriver };
    const schema = await DatabaseSchema.create(driver.getConnection(), driver.getPlatform(), orm.config);
    return schema.getTables();
  } finally {
    await orm.close();
  }
}

/** Without those that users are searched by: they are PostgreSQL's own, of expressions. */
const indexesOf = (tables: readonly DatabaseTable[]): Index[] =>
  tables.flatMap((table) =>
    table
      .getIndexes()
      .filter(({ keyName }) => !keyName.startsWith('users_search'))
      .map(({ columnNames }) => ({ table: table.name, columns: columnNames })),
  );

/** Those of which no index finds rows: none begins with their columns. */
const without = (indexes: readonly Index[], wanted: readonly Index[]): string[] =>
  wanted
    .filter((one) => !indexes.some((index) => begins(index, one)))
    .map(({ table, columns }) => `${table} (${columns.join(', ')})`);

const begins = (index: Index, { table, columns }: Index): boolean =>
  index.table === table && columns.every((column, place) => index.columns[place] === column);

describe('the indexes', () => {
  let databaseUrl: string;
  let tables: DatabaseTable[];
  beforeAll(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    tables = await tablesOf(databaseUrl);
  });
  afterAll(() => dropDatabase(databaseUrl));

  it('find the rows that refer to a row, whichever table they are in', () => {
    const references = tables.flatMap((table) =>
      Object.values(table.getForeignKeys()).map(({ columnNames }) => ({ table: table.name, columns: columnNames })),
    );
    expect(references.length).toBeGreaterThan(3);
    expect(without(indexesOf(tables), references)).toEqual([]);
  });

  if (testEngine === 'postgres') {
    it('of PostgreSQL find what those of SQLite find, and the other way round', async () => {
      const [ours, others] = [indexesOf(tables), indexesOf(await tablesOf('sqlite::memory:'))];
      expect(without(ours, others)).toEqual([]);
      expect(without(others, ours)).toEqual([]);
    });
  }
});
