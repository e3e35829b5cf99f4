import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { PostgresServer, type StopMode } from '../support/postgres-server.js';
import { Deployment } from './support/deployment.js';
import { percentile, print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const RESTARTS = times(2, 100);
const TERMINATIONS = times(20, 500);
const DEVICES = 8;
const MODES: readonly StopMode[] = ['fast', 'immediate'];

const TERMINATE = `select pg_terminate_backend(pid) from pg_stat_activity
  where pid <> pg_backend_pid() and application_name = 'latchkey'`;

// SQLite is part of the process: `kills.e2e-spec.ts` and `disk.e2e-spec.ts` are its faults.
(testEngine === 'postgres' ? describe : describe.skip)('PostgreSQL under load', () => {
  let postgres: PostgresServer;
  let deployment: Deployment;
  beforeEach(async () => {
    postgres = await PostgresServer.create({ isDurable: true });
    deployment = await Deployment.start({ databaseUrl: postgres.url });
  });
  afterEach(async () => {
    await deployment.stop();
    await postgres.remove();
  });

  // @see mikro-orm/mikro-orm PR#8069, keycloak#49213
  it('restarted, in an orderly way or by a crash: no process exits, nothing acknowledged is lost, all serve again within 2 s', async () => {
    const pids = deployment.servers.map(({ pid }) => pid);
    const back: number[] = [];
    await deployment.underLoad(DEVICES, async () => {
      for (let restart = 0; restart < RESTARTS; restart++) {
        await delay(200 + Math.random() * 300);
        await postgres.stop(MODES[restart % MODES.length]);
        await delay(Math.random() * 200);
        await postgres.start();
        back.push(...(await Promise.all(deployment.servers.map((server) => deployment.timeUntilServing(server)))));
      }
    });
    const violations = [...deployment.history.violations(), ...(await deployment.partialWrites())];
    print('PostgreSQL restarted', {
      restarts: RESTARTS,
      operations: deployment.history.entries.length,
      unanswered: deployment.history.count('unknown'),
      violations: violations.length,
      'serving again after, median ms': percentile(back, 0.5),
      'most ms': percentile(back, 1),
    });
    expect(violations).toEqual([]);
    expect(Math.max(...back)).toBeLessThan(2_000);
    expect(deployment.servers.map(({ pid }) => pid)).toEqual(pids);
  });

  it('its backends terminated: requests fail at most once, and consume nothing', async () => {
    const operator = new Client({ connectionString: postgres.url });
    await operator.connect();
    await deployment.underLoad(DEVICES, async () => {
      for (let round = 0; round < TERMINATIONS; round++) {
        await delay(Math.random() * 100);
        await operator.query(TERMINATE);
      }
    });
    await operator.end();
    const violations = [...deployment.history.violations(), ...(await deployment.partialWrites())];
    print('backends terminated', {
      times: TERMINATIONS,
      operations: deployment.history.entries.length,
      unanswered: deployment.history.count('unknown'),
      violations: violations.length,
    });
    expect(violations).toEqual([]);
  });

  it('whose COMMIT fails: the client is told to try again, and the same token works', async () => {
    const operator = new Client({ connectionString: postgres.url });
    await operator.connect();
    // As a full disk or a failing replica would: everything was fine until the commit.
    await operator.query(`create function fails() returns trigger language plpgsql as $$
      begin raise exception 'no' using errcode = '53100'; end $$`);
    let commits = 0;
    await deployment.underLoad(DEVICES, async () => {
      for (; commits < times(5, 50); commits++) {
        await delay(Math.random() * 100);
        const before = deployment.history.count('unknown');
        await operator.query(`create constraint trigger fails after update or insert on sessions
          deferrable initially deferred for each row execute function fails()`);
        await eventually('a commit has failed', async () => deployment.history.count('unknown') > before);
        await operator.query('drop trigger fails on sessions');
      }
    });
    await operator.end();
    const violations = [...deployment.history.violations(), ...(await deployment.partialWrites())];
    print('COMMIT fails', {
      phases: commits,
      operations: deployment.history.entries.length,
      unanswered: deployment.history.count('unknown'),
      violations: violations.length,
    });
    expect(violations).toEqual([]);
  });
});
