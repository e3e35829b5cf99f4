import { jest } from '@jest/globals';
import { EntityManager } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditPurge } from '../../src/audit/audit-purge.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { JobState } from '../../src/jobs/job.entity.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { LifecyclePurge } from '../../src/lifecycle/lifecycle-purge.js';
import { Session } from '../../src/sessions/session.entity.js';
import { SessionPurge } from '../../src/sessions/session-purge.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { HeldAddress } from '../../src/users/held-address.entity.js';
import { refresh, refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;
const HOUR = 3_600;

let databaseUrl: string;
let servers: TestServer[];
let instance: TestServer;
beforeEach(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  servers = [];
  instance = await start();
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  await dropDatabase(databaseUrl);
});

/** Jobs run when the test says so. */
async function start(): Promise<TestServer> {
  const server = await TestServer.start({ databaseUrl, redis: false, env: { JOBS_ENABLED: 'false' } });
  servers.push(server);
  return server;
}

const runnerOf = (server: TestServer) => server.app.get(JobRunner);

describe('a job', () => {
  it('runs on one of several instances, in batches, and again when it is due', async () => {
    // SQLite has one process.
    if (testEngine === 'postgres') await start();
    let [running, most, runs] = [0, 0, 0];
    for (const server of servers) {
      let left = 3;
      runnerOf(server).add({
        name: 'counted',
        everySeconds: HOUR,
        run: async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 20));
          running -= 1;
          runs += 1;
          left -= 1;
          return { rows: 1, hasMore: left > 0 };
        },
      });
    }
    await Promise.all(servers.flatMap((it) => [runnerOf(it).runDue(), runnerOf(it).runDue()]));
    expect(most).toBe(1);
    const first = runs;
    await Promise.all(servers.map((it) => runnerOf(it).runDue()));
    expect(runs).toBe(first);
    for (const it of servers) it.clock.advance(HOUR);
    await Promise.all(servers.map((it) => runnerOf(it).runDue()));
    expect(runs).toBeGreaterThan(first);
  });

  it('that fails changes nothing, keeps no other from running, and is tried again', async () => {
    const log = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const runner = runnerOf(instance);
    const done: string[] = [];
    let isBroken = true;
    runner.add({
      name: 'broken',
      everySeconds: HOUR,
      run: async (em) => {
        await em.nativeDelete(Session, {});
        if (isBroken) throw new Error('disk on fire');
        done.push('broken');
        return { rows: 0, hasMore: false };
      },
    });
    runner.add({
      name: 'sound',
      everySeconds: HOUR,
      run: async () => (done.push('sound'), { rows: 0, hasMore: false }),
    });
    const user = await signUp(instance);
    await runner.runDue();
    expect(done).toEqual(['sound']);
    expect(await whoAmI(instance, user.accessToken)).toBe(user.id);
    isBroken = false;
    await runner.runDue();
    expect(done).toEqual(['sound', 'broken']);
    log.mockRestore();
  });

  it('is due again after a clock went far ahead and back', async () => {
    let runs = 0;
    runnerOf(instance).add({
      name: 'leap',
      everySeconds: HOUR,
      run: async () => (runs++, { rows: 0, hasMore: false }),
    });
    await runnerOf(instance).runDue();
    instance.clock.advance(3650 * DAY);
    await runnerOf(instance).runDue();
    instance.clock.advance(-3650 * DAY);
    await runnerOf(instance).runDue();
    expect(runs).toBe(2);
    expect((await instance.em().findOneOrFail(JobState, 'leap')).nextRunAt.getTime()).toBeLessThan(
      Date.now() + 2 * HOUR * 1000,
    );
  });
});

describe('a row of a job whose moments are none', () => {
  const NO_MOMENT = testEngine === 'postgres' ? `'infinity'` : `'x'`;

  it.each(['next_run_at', 'last_run_at'])('leaves it due: %s', async (column) => {
    let runs = 0;
    runnerOf(instance).add({
      name: 'kept',
      everySeconds: HOUR,
      run: async () => (runs++, { rows: 0, hasMore: false }),
    });
    await runnerOf(instance).runDue();
    await instance.em().execute(`update jobs set ${column} = ${NO_MOMENT}`);
    instance.clock.advance(HOUR);
    await runnerOf(instance).runDue();
    expect(runs).toBe(2);
    const { nextRunAt, lastRunAt } = await instance.em().findOneOrFail(JobState, 'kept');
    expect([nextRunAt, lastRunAt].every((moment) => moment instanceof Date && moment.getTime() > 0)).toBe(true);
    instance.clock.advance(HOUR);
    await runnerOf(instance).runDue();
    expect(runs).toBe(3);
  });
});

describe('the purge', () => {
  /** Time passes, and the job has run shortly before: a clock that leaps is another story. */
  const purge = async (seconds: number) => {
    instance.clock.advance(seconds - HOUR);
    await runnerOf(instance).runDue();
    instance.clock.advance(HOUR);
    await runnerOf(instance).runDue();
  };

  it('believes no clock that leaps: it waits for one period, and what is alive outlives a leap and back', async () => {
    const user = await signUp(instance);
    await runnerOf(instance).runDue();
    instance.clock.advance(3650 * DAY);
    await runnerOf(instance).runDue();
    expect(await instance.em().count(Session, {})).toBe(1);
    instance.clock.advance(-3650 * DAY);
    await runnerOf(instance).runDue();
    expect((await refreshed(instance, user.refreshToken)).id).toBe(user.id);
  });

  it('believes no clock that leaps between its look and its lock', async () => {
    const user = await signUp(instance);
    const em = instance.app.get(EntityManager);
    const runner = new JobRunner(em, instance.clock, instance.app.get(Metrics), { JOBS_ENABLED: false });
    runner.add(instance.app.get(SessionPurge));
    await runner.runDue();
    instance.clock.advance(HOUR);
    let hasLeapt = false;
    const leap = () => {
      if (!hasLeapt) instance.clock.advance(3650 * DAY);
      hasLeapt = true;
    };
    em.getEventManager().registerSubscriber({ beforeTransactionStart: leap });
    await runner.runDue();
    expect(hasLeapt).toBe(true);
    expect(await instance.em().count(Session, {})).toBe(1);
    instance.clock.advance(-3650 * DAY);
    expect((await refreshed(instance, user.refreshToken)).id).toBe(user.id);
  });

  it('believes no clock that leaps while it works: its time is that by which it was due', async () => {
    await signUp(instance);
    // Seals the trail: of what is not sealed nothing is deleted.
    await runnerOf(instance).runDue();
    const purges = [instance.app.get(SessionPurge), instance.app.get(AuditPurge), instance.app.get(LifecyclePurge)];
    const due = instance.clock.now();
    const held = { digest: 'd'.repeat(43), until: new Date(due.getTime() + HOUR * 1000) };
    await instance.em().insert(HeldAddress, held);
    instance.clock.advance(3650 * DAY);
    for (const job of purges) {
      const done = await instance.em().transactional((em) => job.run(em, due));
      expect([job.name, done]).toEqual([job.name, { rows: 0, hasMore: false }]);
    }
    const left = [Session, AuditEvent, HeldAddress].map((kind) => instance.em().count<object>(kind, {}));
    expect(await Promise.all(left)).toEqual([1, 1, 1]);
  });

  it('deletes sessions that ended long ago, and their tokens stay refused', async () => {
    const [ended, standing] = [await signUp(instance), await signUp(instance)];
    await instance.call('mutation { logout }', {}, { token: ended.accessToken });
    await purge(7 * DAY - 60);
    expect(await instance.em().count(Session, { id: ended.sessionId })).toBe(1);
    expect(refusalOf(await refresh(instance, ended.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    await purge(HOUR);
    expect(await instance.em().count(Session, { id: ended.sessionId })).toBe(0);
    expect(refusalOf(await refresh(instance, ended.refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_INVALID');
    expect((await refreshed(instance, standing.refreshToken)).id).toBe(standing.id);
    await purge(30 * DAY + 8 * DAY);
    expect(await instance.em().count(Session, {})).toBe(0);
  });

  it('deletes events that are older than the trail is kept, and no other', async () => {
    // The year has other events: signing keys are replaced.
    const type = 'user.signed_up';
    await signUp(instance);
    await purge(365 * DAY - 60);
    expect(await instance.em().count(AuditEvent, { type })).toBe(1);
    const recent = await signUp(instance);
    await purge(HOUR);
    const left = await instance.em().find(AuditEvent, { type });
    expect(left.map(({ subjectId }) => subjectId)).toEqual([recent.id]);
  });

  it('takes any number of rows, a thousand at a time', async () => {
    instance.clock.advance(-400 * DAY);
    const old = instance.clock.now();
    const em = instance.em();
    for (let index = 0; index < 2_500; index++) instance.app.get(AuditService).record(em, 'user.logged_in', {});
    await em.flush();
    instance.clock.advance(400 * DAY);
    const user = await signUp(instance);
    await purge(HOUR);
    expect(await instance.em().count(AuditEvent, { at: { $lte: old } })).toBe(0);
    expect(await whoAmI(instance, (await refreshed(instance, user.refreshToken)).accessToken)).toBe(user.id);
  });
});
