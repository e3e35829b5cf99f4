import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { Module } from '@nestjs/common';
import { EntityManager } from '@mikro-orm/core';
import { Query, Resolver } from '@nestjs/graphql';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Public } from '../../src/access/access.decorators.js';
import { signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

@Resolver()
class SlowResolver {
  constructor(private readonly em: EntityManager) {}

  @Query(() => Boolean, { nullable: true })
  @Public()
  async slow(): Promise<boolean> {
    await (this.em as SqlEntityManager).execute('select pg_sleep(15)');
    return true;
  }
}

@Module({ providers: [SlowResolver] })
class SlowModule {}

/** A cable between the server and PostgreSQL that a test may pull. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #proxy: Server;

  /** `onQuery` hears what the server sends. */
  constructor(host: string, port: number, onQuery: (text: string) => void) {
    this.#proxy = createServer((near) => {
      const far = connect(port, host);
      near.on('data', (chunk) => onQuery(chunk.toString('latin1')));
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) this.#sockets.add(socket.on('error', () => socket.destroy()));
    });
  }

  async listen(): Promise<number> {
    await once(this.#proxy.listen(0, '127.0.0.1'), 'listening');
    return (this.#proxy.address() as AddressInfo).port;
  }

  pull(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.pull();
    this.#proxy.close();
  }
}

// The embedded engine has no connection to lose.
(testEngine === 'postgres' ? describe : describe.skip)('a connection that is lost while it works', () => {
  it('is SERVICE_UNAVAILABLE for who waited, and the next request has a new one', async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    const throughCable = new URL(databaseUrl);
    const sleeping = Promise.withResolvers<undefined>();
    const cable = new Cable(throughCable.hostname, Number(throughCable.port), (text) => {
      if (text.includes('pg_sleep')) sleeping.resolve(undefined);
    });
    throughCable.port = String(await cable.listen());
    throughCable.hostname = '127.0.0.1';
    const server = await TestServer.start({ databaseUrl: throughCable.href, imports: [SlowModule] });

    const user = await signUp(server);
    const answer = server.call('{ slow }');
    await sleeping.promise;
    cable.pull();
    const { errors, data } = await answer;
    const afterwards = await whoAmI(server, user.accessToken);
    await server.stop();
    cable.close();
    await dropDatabase(databaseUrl);

    expect(data).toEqual({ slow: null });
    expect(errors).toEqual([
      {
        message: 'The service is not available for a moment.',
        path: ['slow'],
        locations: [{ line: 1, column: 3 }],
        extensions: {
          code: 'SERVICE_UNAVAILABLE',
          action: 'RETRY',
          retryAfter: 2,
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      },
    ]);
    expect(afterwards).toBe(user.id);
  });
});
