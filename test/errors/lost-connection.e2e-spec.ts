import { signUp } from '../support/accounts.js';
import { Cable } from '../support/cable.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import { SlowModule } from '../support/slow.module.js';
import { TestServer } from '../support/test-server.js';

// The embedded engine has no connection to lose.
(testEngine === 'postgres' ? describe : describe.skip)('a connection that is lost while it works', () => {
  it('is SERVICE_UNAVAILABLE for who waited, and the next request has a new one', async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    const sleeping = Promise.withResolvers<undefined>();
    const cable = await Cable.to(databaseUrl, (text) => {
      if (text.includes('pg_sleep')) sleeping.resolve(undefined);
    });
    const server = await TestServer.start({ databaseUrl: cable.through(databaseUrl), imports: [SlowModule] });

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
