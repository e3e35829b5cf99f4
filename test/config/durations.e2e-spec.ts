import { JobRunner } from '../../src/jobs/job-runner.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { ask } from '../lifecycle/operations.js';
import { logIn, refreshed, signUp } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { durations } from './durations.js';

const settings = (bound: 'least' | 'greatest') => Object.fromEntries(durations.map((one) => [one.name, one[bound]]));

it.each(['least', 'greatest'] as const)('a server whose times are all the %s does all of its work', async (bound) => {
  const server = await TestServer.start({ env: { ...settings(bound), JOBS_ENABLED: 'false' } });
  server.clock.freeze();
  const user = await signUp(server);
  const { refreshToken } = await logIn(server, user.email);
  const { accessToken } = await refreshed(server, refreshToken);
  expect(await whoAmI(server, accessToken)).toBe(user.id);
  await ask.reset(server, user.email);
  await server.app.get(JobRunner).runDue();
  server.clock.advance(3_601);
  await server.app.get(JobRunner).runDue();
  const { values } = await server.app.get(Metrics).jobRuns.get();
  expect(values.filter(({ labels }) => labels.result !== 'done')).toEqual([]);
  expect(values).not.toEqual([]);
  await server.stop();
});
