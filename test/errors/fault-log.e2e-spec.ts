import { EntityManager } from '@mikro-orm/core';
import { jest } from '@jest/globals';
import { Logger, Module } from '@nestjs/common';
import { Mutation, Resolver } from '@nestjs/graphql';
import { Public } from '../../src/access/access.decorators.js';
import { newId } from '../../src/common/ids.js';
import { User } from '../../src/users/user.entity.js';
import { TestServer } from '../support/test-server.js';

const HASH = '$canary-hash';

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
}

@Module({ providers: [CarelessResolver] })
class CarelessModule {}

describe('a fault of the database', () => {
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
