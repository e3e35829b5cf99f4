import { jest } from '@jest/globals';
import { Session } from '../../src/sessions/session.entity.js';
import { MikroORM } from '@mikro-orm/core';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { refresh, signUp } from '../support/accounts.js';
import { figureIn } from '../support/metrics.js';
import { Deployment } from './support/deployment.js';
import { outcomeOf } from './support/history.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const CALLERS = times(300, 1_000);
const ROUNDS = times(1, 20);

// @see Keycloak CVE-2026-1035
it('of any number of callers with one refresh token, on any instance, one rotates and all get the same successor', async () => {
  const deployment = await Deployment.start();
  const user = await signUp(deployment.any());
  let [token, unanswered] = [user.refreshToken, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: CALLERS }, () => refresh(deployment.any(), token)));
    const outcomes = answers.map((answer) => outcomeOf(answer).outcome);
    const successors = new Set(answers.flatMap(({ data }) => (data ? [data.refresh.refreshToken] : [])));
    unanswered += outcomes.filter((outcome) => outcome === 'unknown').length;
    expect(new Set(outcomes).has('refused')).toBe(false);
    expect(successors.size).toBe(1);
    [token = ''] = successors;
  }
  const figures = await Promise.all(deployment.servers.map((server) => server.metrics()));
  const rotated = figures.map((text) => figureIn(text, 'refreshes_total', '{outcome="rotated"}'));
  const orm = await MikroORM.init(ormOptions({ DATABASE_URL: deployment.databaseUrl }, entities));
  const session = await orm.em.fork().findOneOrFail(Session, user.sessionId);
  await orm.close();
  await deployment.stop();
  print('one refresh token', { callers: CALLERS, rounds: ROUNDS, unanswered, rotations: session.refreshCounter });
  expect(session.refreshCounter).toBe(ROUNDS);
  expect(rotated.reduce((sum, count) => sum + count, 0)).toBe(ROUNDS);
});
