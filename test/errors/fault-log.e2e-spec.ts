import { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { jest } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';
import { newId } from '../../src/common/ids.js';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { testEngine } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

const HASH = '$canary-hash';
const CANARY = 'canary-value';
/** The error of either quotes the value. */
const QUOTING = testEngine === 'postgres' ? 'cast(? as uuid)' : "json_extract('{}', ?)";
const VALUES = [CANARY, `it's "${CANARY}" it's`, `a\n    at ${CANARY} (file.ts:1:1)`];

@Resolver()
class CarelessResolver {
  constructor(private readonly em: EntityManager) {}

  @Mutation(() => Boolean, { nullable: true })
  @Public()
  async insertsCapitals(): Promise<boolean> {
    const row = { id: newId(), email: 'ADA@example.com', passwordHash: HASH, createdAt: new Date() };
    await this.em.fork().insert(User, row);
    return true;
  }

  @Mutation(() => Boolean, { nullable: true })
  @Public()
  async reads(@Args('value') value: string): Promise<boolean> {
    const em = this.em.fork() as SqlEntityManager;
    await em.execute(`select ${QUOTING}`, [value]);
    return true;
  }

  @Mutation(() => Boolean, { nullable: true })
  @Public()
  async builds(@Args('value') value: string): Promise<boolean> {
    const em = this.em.fork() as SqlEntityManager;
    await em.createQueryBuilder(Role).where(`${QUOTING} is null`, [value]).execute();
    return true;
  }
}

@Module({ providers: [CarelessResolver] })
class CarelessModule {}

describe('a fault of the database', () => {
  it.each(['reads', 'builds'].flatMap((mutation) => VALUES.map((value) => [mutation, value] as const)))(
    'of a statement that a resolver %s is logged without a value that the driver quotes: %j',
    async (mutation, value) => {
      const server = await TestServer.start({ imports: [CarelessModule] });
      const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      const { errors } = await server.call(`mutation ($value: String!) { ${mutation}(value: $value) }`, { value });
      const logged = JSON.stringify(log.mock.calls);
      log.mockRestore();
      await server.stop();
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(logged).toMatch(testEngine === 'postgres' ? /invalid input syntax for type uuid: …/ : /bad JSON path: …/);
      expect(logged).toContain(`CarelessResolver.${mutation}`);
      expect(logged).not.toContain(CANARY);
    },
  );

  it('is logged with its cause and its place, and without the values of the row', async () => {
    const server = await TestServer.start({ imports: [CarelessModule] });
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { errors } = await server.call('mutation { insertsCapitals }');
    const logged = log.mock.calls.map(([entry]) => entry as unknown);
    log.mockRestore();
    await server.stop();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(logged).toEqual([
      {
        err: {
          type: 'CheckConstraintViolationException',
          code: expect.any(String),
          message: expect.stringMatching(/check constraint.*users_email_normalized/i),
          stack: expect.stringContaining('insertsCapitals'),
        },
      },
    ]);
    expect(JSON.stringify(logged)).not.toContain(HASH);
  });
});
