import { jest } from '@jest/globals';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { Session } from '../../src/sessions/session.entity.js';
import { logIn, refreshed, signUp } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { Deployment } from './support/deployment.js';
import { isSoak, print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const DAY = 86_400;
const PARALLEL = 8;
const MEGABYTE = 1024 * 1024;

async function repeat(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

it('the memory of a server does not grow with the requests that it has answered', async () => {
  const deployment = await Deployment.start({ instances: 1 });
  const server = deployment.any();
  const user = await signUp(server);
  let { refreshToken } = user;
  const request = async () => expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  const memory = async () =>
    Number(/^process_resident_memory_bytes (\d+)/m.exec(await server.metrics())?.[1]) / MEGABYTE;
  const [warmUp, requests] = [times(500, 20_000), times(2_000, 200_000)];
  await repeat(warmUp, request);
  const before = await memory();
  for (let part = 0; part < 4; part++) {
    await repeat(requests / 4, request);
    ({ refreshToken } = await refreshed(server, refreshToken));
  }
  const after = await memory();
  await deployment.stop();
  print('memory', { requests, 'MB before': Math.round(before), 'MB after': Math.round(after) });
  // A short run still warms up: it only shows that nothing is kept for each request.
  expect(after - before).toBeLessThan(isSoak ? 0.25 * before : 150);
});

// @see mcdonc/klangk#1263
it('the tables are at their starting size after the purge, however many sessions came and went', async () => {
  const server = await TestServer.start({
    env: { JOBS_ENABLED: 'false', SESSION_RETENTION: '1d', AUDIT_RETENTION: '1d' },
  });
  const owner = await signUp(server);
  const sizes = async () => [await server.em().count(Session, {}), await server.em().count(AuditEvent, {})];
  // Within a day: after more, a clock has to prove itself before anything is purged.
  const purge = async () => {
    await server.app.get(JobRunner).runDue();
    for (let half = 0; half < 2; half++) {
      server.clock.advance(DAY / 2 + 1);
      await server.app.get(JobRunner).runDue();
    }
  };
  await purge();
  const before = await sizes();
  const cycles = times(200, 200_000);
  await repeat(cycles, async () => {
    const session = await logIn(server, owner.email);
    const { accessToken } = await refreshed(server, session.refreshToken);
    await server.call('mutation { logout }', {}, { token: accessToken });
  });
  const grown = await sizes();
  await purge();
  await purge();
  const after = await sizes();
  const stillThere = await refreshed(server, owner.refreshToken);
  await server.stop();
  print('sessions that come and go', {
    cycles,
    'rows before': before.join('+'),
    grown: grown.join('+'),
    after: after.join('+'),
  });
  expect(grown[0]).toBe((before[0] ?? 0) + cycles);
  expect(after).toEqual([1, 0]);
  expect(stillThere.id).toBe(owner.id);
});
