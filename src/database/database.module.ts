import { type EntityClass, EntityManager, MikroORM } from '@mikro-orm/core';
import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from './direct-sql.js';
import { openDatabase } from './open-database.js';
import { Transactions } from './transactions.js';

/** The one connection to the database. Whoever asks for `EntityManager` receives it with the schema in place. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  static register(entities: EntityClass[]): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: MikroORM, inject: [ENV], useFactory: (env: Env) => openDatabase(env, entities) },
        { provide: EntityManager, inject: [MikroORM], useFactory: (orm: MikroORM) => orm.em },
        DirectSql,
        Transactions,
      ],
      exports: [MikroORM, EntityManager, DirectSql, Transactions],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.orm.close();
  }
}
