import { jest } from '@jest/globals';
import { tmpdir } from 'node:os';
import { program, runProgram } from '../support/run-program.js';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const ROTATIONS = times(2, 100);
const DEVICES = 4;
/** Long enough for the slowest device to refresh in time, short enough to see keys retire. */
const TTL_SECONDS = 60;

it('signing keys that are rotated under load: no token is refused, and retired keys go', async () => {
  const deployment = await Deployment.start({ env: { ACCESS_TOKEN_TTL: `${TTL_SECONDS}s` } });
  const rotate = async () => {
    const options = { env: deployment.env, cwd: tmpdir() };
    return runProgram(program.operator, ['keys', 'rotate', '--now'], options);
  };
  const kids = new Set<string>();
  let most = 0;
  await deployment.underLoad(DEVICES, async () => {
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      const { exitCode, stderr } = await rotate();
      expect([exitCode, stderr]).toEqual([0, '']);
      const set = await fetch(`${deployment.any().url}/.well-known/jwks.json`);
      const { keys } = (await set.json()) as { keys: { kid: string }[] };
      for (const { kid } of keys) kids.add(kid);
      most = Math.max(most, keys.length);
    }
  });
  const { history } = deployment;
  const violations = [...history.violations(), ...(await deployment.partialWrites())];
  await deployment.stop();
  print('key rotations', {
    rotations: ROTATIONS,
    operations: history.entries.length,
    'refused without cause': violations.length,
    keys: kids.size,
    'most at once': most,
  });
  expect(violations).toEqual([]);
  expect(kids.size).toBeGreaterThanOrEqual(ROTATIONS);
});
