import { jest } from '@jest/globals';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { callGraphQL } from '../support/graphql-client.js';
import { Balancer } from './support/balancer.js';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const ROUNDS = times(1, 20);
const DEVICES = 6;

// One process can not be restarted without a gap: this is for what has several.
(testEngine === 'postgres' ? it : it.skip)(
  'a rolling restart under load: no client sees a failed request',
  async () => {
    const deployment = await Deployment.start({ env: { SHUTDOWN_DELAY: '1s' } });
    const balancer = await Balancer.before(deployment.servers.map(({ url }) => url));
    const exitCodes: (number | null)[] = [];
    const restart = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        for (const server of deployment.servers) {
          exitCodes.push(await server.kill('SIGTERM'));
          await server.start();
          await eventually('all instances take part again', async () => balancer.size === deployment.servers.length);
        }
      }
    };
    await deployment.underLoad(DEVICES, restart, (query, variables, options) =>
      callGraphQL(balancer.url, query, variables, options),
    );
    const { history } = deployment;
    const violations = [...history.violations(), ...(await deployment.partialWrites())];
    balancer.close();
    await deployment.stop();
    print('rolling restart', {
      restarts: exitCodes.length,
      operations: history.entries.length,
      failed: history.count('unknown'),
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(history.entries.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
    expect(new Set(exitCodes)).toEqual(new Set([0]));
  },
);
