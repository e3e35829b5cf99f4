import { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { Module } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';

@Resolver()
class SlowResolver {
  constructor(private readonly em: EntityManager) {}

  @Query(() => Boolean, { nullable: true })
  @Public()
  async slow(): Promise<boolean> {
    await (this.em as SqlEntityManager).execute('select pg_sleep(30)');
    return true;
  }
}

/** `{ slow }` keeps a connection to PostgreSQL busy for longer than anybody waits. */
@Module({ providers: [SlowResolver] })
export class SlowModule {}
