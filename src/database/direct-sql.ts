import { type EntityClass, EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type Kysely, type QueryExecutorProvider, type QueryResult, type RawBuilder, sql } from 'kysely';
import { EntityColumns } from './entity-columns.js';

/** The database, or a transaction. */
type Executor = QueryExecutorProvider & Pick<Kysely<unknown>, 'executeQuery'>;

/**
 * The few statements that every request needs, past the ORM and its units of work. The ORM writes values into the text, and
 * makes entities of rows; this sends values apart, so that the database compiles each text once (docs/performance.md).
 */
@Injectable()
export class DirectSql {
  /** The type of ids, for a cast. */
  readonly idType: RawBuilder<unknown>;
  private readonly em: SqlEntityManager;
  private readonly kysely: Executor;

  constructor(em: EntityManager) {
    // The ORM's own type does not know of SQL; both engines have this one.
    this.em = em as SqlEntityManager;
    this.kysely = this.em.getKysely();
    this.idType = sql.raw(em.getPlatform().getUuidTypeDeclarationSQL({}));
  }

  /**
   * The rows, as the driver reads them.
   *
   * @param em of a transaction, to read in it
   * @throws DriverException as the ORM does
   */
  async rows<Row>(statement: RawBuilder<Row>, em?: EntityManager): Promise<Row[]> {
    return (await this.execute(em ? transactionOf(em) : this.kysely, statement)).rows;
  }

  /**
   * Runs a statement in the transaction of `em`. It does not see what the unit of work has not flushed.
   *
   * @returns how many rows it changed
   * @throws DriverException as the ORM does
   */
  async change(em: EntityManager, statement: RawBuilder<unknown>): Promise<number> {
    return Number((await this.execute(transactionOf(em), statement)).numAffectedRows ?? 0);
  }

  /** @typeParam Values what the entity holds itself */
  columnsOf<Values extends object>(entity: EntityClass<Values>, alias: string): EntityColumns<Values> {
    return new EntityColumns(this.em, entity, alias);
  }

  /** A moment as a value of a statement ... */
  fromDate(date: Date): unknown {
    return this.em.getPlatform().processDateProperty(date);
  }

  /** ... and as the driver reads it. */
  toDate(value: string | number): Date {
    return this.em.getPlatform().parseDate(value);
  }

  private async execute<Row>(kysely: Executor, statement: RawBuilder<Row>): Promise<QueryResult<Row>> {
    const compiled = statement.compile(kysely);
    this.em.config.getLogger().logQuery({ query: compiled.sql, level: 'info' });
    try {
      return await kysely.executeQuery(compiled);
    } catch (error) {
      throw this.em.getDriver().convertException(error as Error);
    }
  }
}

function transactionOf(em: EntityManager): Executor {
  const transaction = em.getTransactionContext<Executor>();
  if (!transaction) throw new Error('There is no transaction');
  return transaction;
}
