import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Deployment } from './support/deployment.js';
import { percentile, print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const KILLS = times(2, 500);
const DEVICES = 8;

// @see Keycloak CVE-2026-9802, keycloak#31296
it('kill -9 at any moment loses nothing that was acknowledged, revives nothing, and leaves nothing half done', async () => {
  const deployment = await Deployment.start();
  const back: number[] = [];
  await deployment.underLoad(DEVICES, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(Math.random() * 300);
      const server = deployment.any();
      await server.kill();
      const started = performance.now();
      await server.start();
      await deployment.timeUntilServing(server);
      back.push(performance.now() - started);
    }
  });
  const { history } = deployment;
  const violations = [...history.violations(), ...(await deployment.partialWrites())];
  await deployment.stop();
  print('kill -9', {
    kills: KILLS,
    operations: history.entries.length,
    unanswered: history.count('unknown'),
    violations: violations.length,
    'back after, median ms': percentile(back, 0.5),
    'p99 ms': percentile(back, 0.99),
  });
  expect(violations).toEqual([]);
  expect(history.count('ok')).toBeGreaterThan(KILLS);
});
