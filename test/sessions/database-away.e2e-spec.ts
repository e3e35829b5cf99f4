import Database from 'better-sqlite3';
import { Session } from '../../src/sessions/session.entity.js';
import { refresh, refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { PostgresServer } from '../support/postgres-server.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

interface Outage {
  databaseUrl: string;
  begin(): Promise<void>;
  end(): Promise<void>;
  cleanUp(): Promise<void>;
}

/** The server behind the connections goes away, and comes back. In an orderly way: this one does not sync its disk. */
async function postgresOutage(): Promise<Outage> {
  const postgres = await PostgresServer.create();
  return {
    databaseUrl: postgres.url,
    begin: () => postgres.stop('fast'),
    end: () => postgres.start(),
    cleanUp: () => postgres.remove(),
  };
}

/** Another process holds the file's only write lock for longer than the busy timeout. */
async function sqliteOutage(): Promise<Outage> {
  const databaseUrl = await temporaryDatabaseUrl();
  let other: Database.Database | undefined;
  return {
    databaseUrl,
    begin: async () => {
      other = new Database(databaseUrl.slice('sqlite:'.length));
      other.exec('BEGIN IMMEDIATE');
    },
    end: async () => void other?.close(),
    cleanUp: () => dropDatabase(databaseUrl),
  };
}

describe('while the database is away', () => {
  let outage: Outage;
  let server: TestServer;
  beforeAll(async () => {
    outage = await (testEngine === 'postgres' ? postgresOutage() : sqliteOutage());
    // Whatever writes meanwhile, jobs too, waits in turn for as long as this, and the process with it.
    server = await TestServer.start({ databaseUrl: outage.databaseUrl, env: { DATABASE_LOCK_TIMEOUT: '1s' } });
  });
  afterAll(async () => {
    await server.stop();
    await outage.cleanUp();
  });

  // @see opengovsg/plumber PR#2203
  it('a refresh is SERVICE_UNAVAILABLE and consumes nothing, and afterwards the same token works', async () => {
    const user = await signUp(server);
    const current = await refreshed(server, user.refreshToken);
    await outage.begin();
    const answer = await refresh(server, current.refreshToken);
    await outage.end();
    expect([answer.status, answer.data]).toEqual([200, null]);
    expect(answer.errors).toEqual([
      {
        message: 'The service is not available for a moment.',
        path: ['refresh'],
        locations: expect.any(Array),
        extensions: {
          code: 'SERVICE_UNAVAILABLE',
          action: 'RETRY',
          retryAfter: expect.any(Number),
          requestId: expect.any(String),
        },
      },
    ]);
    expect((await server.em().findOneOrFail(Session, user.sessionId)).refreshCounter).toBe(1);
    expect(await whoAmI(server, current.accessToken)).toBe(user.id);
    const next = await refreshed(server, current.refreshToken);
    // Not reuse: the token from before the outage is the parent of the current one, within its grace period.
    expect((await refreshed(server, current.refreshToken)).refreshToken).toBe(next.refreshToken);
  });

  // Readers of SQLite pass a writer, so there is no such outage for them.
  if (testEngine === 'postgres') {
    it('no access token is called invalid: who can not be asked has not refused', async () => {
      const user = await signUp(server);
      await outage.begin();
      const verdict = await whoAmI(server, user.accessToken);
      await outage.end();
      expect(verdict).toBe('SERVICE_UNAVAILABLE');
      expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    });
  }
});
