import { Client } from 'pg';
import { Transactions } from '../../src/database/transactions.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { Cable } from '../support/cable.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { SlowModule } from '../support/slow.module.js';
import { TestServer } from '../support/test-server.js';

/** Two connections and little patience, but enough to make a connection while the machine is busy with other tests. */
const BOUNDS = {
  DATABASE_POOL_SIZE: '2',
  DATABASE_CONNECT_TIMEOUT: '3s',
  DATABASE_STATEMENT_TIMEOUT: '2s',
  DATABASE_LOCK_TIMEOUT: '1s',
};

const UNAVAILABLE = 'SERVICE_UNAVAILABLE';

// SQLite has no connections. Its lock is the subject of `sessions/database-away.e2e-spec.ts`.
(testEngine === 'postgres' ? describe : describe.skip)('PostgreSQL keeps no request for longer than its bounds', () => {
  let databaseUrl: string;
  let cable: Cable;
  /** The statement at which the cable is pulled. */
  let cutAt: string | undefined;
  let other: Client;
  let server: TestServer;
  let user: TestUser;
  beforeAll(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    cable = await Cable.to(databaseUrl, (text) => {
      if (cutAt !== undefined && text.includes(cutAt)) cable.pull();
    });
    server = await TestServer.start({
      databaseUrl: cable.through(databaseUrl),
      env: BOUNDS,
      imports: [SlowModule],
    });
    other = new Client({ connectionString: databaseUrl });
    await other.connect();
  });
  beforeEach(async () => {
    user = await signUp(server);
  });
  afterAll(async () => {
    await server.stop();
    await other.end();
    cable.close();
    await dropDatabase(databaseUrl);
  });

  const parallel = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, work));

  it('a statement that takes too long is SERVICE_UNAVAILABLE, and PostgreSQL stops working on it', async () => {
    expect(refusalOf(await server.call('{ slow }'))).toBe(UNAVAILABLE);
    const { rows } = await other.query(`select 1 from pg_stat_activity where query ~ '^select pg_sleep'
      and state = 'active' and pid <> pg_backend_pid()`);
    expect(rows).toEqual([]);
  });

  it('a row that somebody else holds is SERVICE_UNAVAILABLE, and the refresh consumes nothing', async () => {
    await other.query('begin');
    await other.query('select 1 from sessions where id = $1 for update', [user.sessionId]);
    const refusal = refusalOf(await refresh(server, user.refreshToken));
    await other.query('rollback');
    expect(refusal).toBe(UNAVAILABLE);
    expect((await server.em().findOneOrFail(Session, user.sessionId)).refreshCounter).toBe(0);
    await refreshed(server, user.refreshToken);
  });

  it('who finds all connections taken is told so, and does not wait for ever', async () => {
    const started = performance.now();
    const answers = await parallel(6, () => server.call('{ slow }'));
    expect(answers.map(refusalOf)).toEqual(Array.from({ length: 6 }, () => UNAVAILABLE));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });

  it('a server that is frozen is given up, and its connections are replaced once it moves again', async () => {
    cable.freeze();
    const verdicts = await parallel(6, () => whoAmI(server, user.accessToken));
    const refusal = refusalOf(await refresh(server, user.refreshToken));
    cable.thaw();
    expect([...verdicts, refusal]).toEqual(Array.from({ length: 7 }, () => UNAVAILABLE));
    expect(await parallel(6, () => whoAmI(server, user.accessToken))).toEqual(Array.from({ length: 6 }, () => user.id));
    expect((await refreshed(server, user.refreshToken)).id).toBe(user.id);
  });

  // @see brianc/node-postgres#2635
  it('connections that are terminated are replaced, however often it happens', async () => {
    const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    for (let round = 0; round < 10; round++) {
      await Promise.all([parallel(4, () => whoAmI(server, user.accessToken)), other.query(terminate)]);
      await logIn(server, user.email).catch((error: unknown) => expect(String(error)).toContain(UNAVAILABLE));
    }
    expect((await logIn(server, user.email)).id).toBe(user.id);
    expect(await parallel(4, () => whoAmI(server, user.accessToken))).toEqual(Array.from({ length: 4 }, () => user.id));
  });

  // @see kysely-org/kysely#1990
  it.each(['begin', 'commit'])(
    'a connection that is lost at %s is replaced, however often it happens',
    async (word) => {
      cutAt = word;
      for (let round = 0; round < 5; round++) await expect(logIn(server, user.email)).rejects.toThrow(UNAVAILABLE);
      cutAt = undefined;
      expect((await logIn(server, user.email)).id).toBe(user.id);
    },
  );

  it('the loser of a deadlock is run again, and both changes are there', async () => {
    const friend = await signUp(server);
    const transactions = server.app.get(Transactions);
    const bothHoldOne = Promise.withResolvers<undefined>();
    let holding = 0;
    let runs = 0;
    const rename = (first: string, second: string, name: string) =>
      transactions.runApart(async (em) => {
        runs += 1;
        await em.nativeUpdate(User, { id: first }, { name });
        if (++holding === 2) bothHoldOne.resolve(undefined);
        await bothHoldOne.promise;
        await em.nativeUpdate(User, { id: second }, { name });
      });
    // A deadlock is noticed after PostgreSQL's deadlock_timeout, which has to come before ours.
    await other.query(`alter database ${new URL(databaseUrl).pathname.slice(1)} set deadlock_timeout = '100ms'`);
    cable.pull();
    await whoAmI(server, user.accessToken);
    await Promise.all([rename(user.id, friend.id, 'one'), rename(friend.id, user.id, 'two')]);
    expect(runs).toBe(3);
    const names = await server.em().find(User, { id: { $in: [user.id, friend.id] } });
    expect(new Set(names.map(({ name }) => name)).size).toBe(1);
  });
});
