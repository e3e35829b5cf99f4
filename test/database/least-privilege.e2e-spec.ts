import { Client } from 'pg';
import { refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { migrate, TestServer } from '../support/test-server.js';

// SQLite has no accounts.
(testEngine === 'postgres' ? it : it.skip)(
  'serves with an account that may read and write its tables and nothing else',
  async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    const role = new URL(databaseUrl).pathname.slice(1);
    const owner = new Client({ connectionString: databaseUrl });
    await owner.connect();
    await owner.query(`create role ${role} login password 'of-a-test'`);
    // As docs/operations/README.md says.
    const rights = 'select, insert, update, delete on tables';
    await owner.query(`alter default privileges in schema public grant ${rights} to ${role}`);
    await migrate({ DATABASE_URL: databaseUrl });

    const url = new URL(databaseUrl);
    url.username = role;
    const server = await TestServer.start({ databaseUrl: url.href, redis: false, isMigrated: true });
    const user = await signUp(server);
    const next = await refreshed(server, user.refreshToken);
    expect(await whoAmI(server, next.accessToken)).toBe(user.id);
    await server.call('mutation { logout }', {}, { token: next.accessToken });
    expect(await whoAmI(server, next.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    await server.app.get(JobRunner).runDue();
    await expect(server.em().execute('create table t (id int)')).rejects.toThrow(/permission denied/);
    await server.stop();

    await owner.query(`drop owned by ${role}`);
    await owner.query(`drop role ${role}`);
    await owner.end();
    await dropDatabase(databaseUrl);
  },
);
