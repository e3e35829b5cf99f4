import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { figureIn } from '../support/metrics.js';
import { TestServer } from '../support/test-server.js';

const PERIOD = 100;
const WHAT = 'The job kept has not been done for %s s, although it is due every 100 s (docs/operations/jobs.md)';

let databaseUrl: string;
let server: TestServer;
let servers: TestServer[];
let runs: number;
let log: jest.Spied<Logger['error']>;
beforeEach(async () => {
  log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  databaseUrl = await temporaryDatabaseUrl();
  servers = [];
  runs = 0;
  server = await start();
});
afterEach(async () => {
  for (const it of servers) await it.stop();
  await dropDatabase(databaseUrl);
  log.mockRestore();
});

/** Jobs run when the test says so. */
async function start(): Promise<TestServer> {
  const it = await TestServer.start({ databaseUrl, redis: false, env: { JOBS_ENABLED: 'false' } });
  servers.push(it);
  it.app.get(JobRunner).add({
    name: 'kept',
    everySeconds: PERIOD,
    run: async () => (runs++, { rows: 0, hasMore: false }),
  });
  return it;
}

async function afterSeconds(seconds: number, it = server): Promise<void> {
  it.clock.pass(seconds);
  await it.app.get(JobRunner).runDue();
}

const figure = async (name: string, labels: string) =>
  figureIn(await server.app.get(Metrics).registry.metrics(), name, labels);
const overdue = () => figure('job_overdue', '{job_name="kept"}');
const said = () => log.mock.calls.flatMap(([message]) => (/The job kept/.test(String(message)) ? [message] : []));
const sentence = (seconds: number) => WHAT.replace('%s', String(seconds));

/** What an intruder leaves in the database, once: each run looks like the first one after very long. */
const SET_BACK =
  testEngine === 'postgres'
    ? [
        `create function set_back() returns trigger language plpgsql as
          $$ begin new.last_run_at = 'epoch'; return new; end $$`,
        `create trigger set_back before update on jobs for each row when (new.name = 'kept') execute function set_back()`,
      ]
    : [
        `create trigger set_back after update on jobs when new.name = 'kept'
          begin update jobs set last_run_at = 0 where name = 'kept'; end`,
      ];
/** The same, so that the row says something else each time. */
const SET_BACK_BY_DAYS = SET_BACK.map((sql) =>
  sql
    .replace(`new.last_run_at = 'epoch'`, `new.last_run_at = new.last_run_at - interval '2 days'`)
    .replace('set last_run_at = 0', 'set last_run_at = last_run_at - 172800000'),
);

describe('a job that is not done for three of its periods', () => {
  it.each([
    ['the row says that it ran at the beginning of time', SET_BACK],
    ['the row says that it ran two days before', SET_BACK_BY_DAYS],
  ])('is told in the log, again and again, and in a figure, until it is done: %s', async (_, statements) => {
    await afterSeconds(0);
    for (const statement of statements) await server.em().execute(statement);
    await server.em().execute(`update jobs set next_run_at = next_run_at`);
    await afterSeconds(PERIOD);
    await afterSeconds(PERIOD);
    expect([runs, said(), await overdue()]).toEqual([1, [], 0]);
    await afterSeconds(PERIOD);
    await afterSeconds(1);
    expect([runs, said(), await overdue()]).toEqual([1, [sentence(300)], 1]);
    await afterSeconds(299);
    expect([said(), await overdue()]).toEqual([[sentence(300), sentence(600)], 1]);
    expect(await figure('job_runs_total', '{job_name="kept",result="put_off"}')).toBeGreaterThan(0);
    await server.em().execute(testEngine === 'postgres' ? 'drop trigger set_back on jobs' : 'drop trigger set_back');
    await afterSeconds(PERIOD);
    await afterSeconds(PERIOD);
    expect([runs, said().length, await overdue()]).toEqual([2, 2, 0]);
  });

  it('is no job that was done just before a clock leapt', async () => {
    await afterSeconds(0);
    server.clock.advance(3650 * 86_400);
    await afterSeconds(0);
    server.clock.advance(-3650 * 86_400);
    await afterSeconds(0);
    expect([runs, said(), await overdue()]).toEqual([2, [], 0]);
  });

  it('has a figure from the start on, which says that it was never done', async () => {
    expect(await server.app.get(Metrics).registry.metrics()).toContain(
      'latchkey_job_runs_total{job_name="kept",result="done"} 0',
    );
  });
});

(testEngine === 'postgres' ? describe : describe.skip)('with several instances', () => {
  it('a job whose row is locked for ever is told by each of them', async () => {
    await start();
    for (const it of servers) await afterSeconds(0, it);
    const em = server.em().fork();
    await em.begin();
    await em.execute(`select * from jobs where name = 'kept' for update`);
    for (const it of servers) await afterSeconds(300, it);
    await em.rollback();
    expect([runs, said()]).toEqual([1, [sentence(300), sentence(300)]]);
  });

  it('a job that another one does is not told', async () => {
    const other = await start();
    for (let index = 0; index < 5; index++) {
      other.clock.advance(PERIOD);
      await other.app.get(JobRunner).runDue();
      await afterSeconds(PERIOD);
    }
    expect([runs, said(), await overdue()]).toEqual([5, [], 0]);
  });
});
