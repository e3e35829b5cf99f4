import { jest } from '@jest/globals';
import { changePassword, NEW_PASSWORD } from '../lifecycle/operations.js';
import { logIn, PASSWORD, refresh, signUp, type TestUser } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { program, runProgram } from '../support/run-program.js';
import type { ServerProcess } from '../support/server-process.js';
import { tmpdir } from 'node:os';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start();
});
afterAll(() => deployment.stop());

/** What is done to the session while it is being refreshed, by another device of the user. */
const ENDS: [string, (server: ServerProcess, user: TestUser, other: TestUser) => Promise<unknown>][] = [
  ['logout', (server, user) => server.call('mutation { logout }', {}, { token: user.accessToken })],
  [
    'revokeSession',
    (server, user, other) =>
      server.call(
        'mutation ($id: ID!) { revokeSession(id: $id) }',
        { id: user.sessionId },
        { token: other.accessToken },
      ),
  ],
  [
    'revokeOtherSessions',
    (server, _, other) => server.call('mutation { revokeOtherSessions }', {}, { token: other.accessToken }),
  ],
  [
    'logout of all',
    (server, _, other) =>
      server.call('mutation { logout(input: { everywhere: true }) }', {}, { token: other.accessToken }),
  ],
  ['a change of password', (server, _, other) => changePassword(server, other.accessToken, PASSWORD, NEW_PASSWORD)],
];

/** Adds every access token to `tokens` that it is given, until it is refused. */
async function refreshAllTheTime(first: string, tokens: string[], signal: AbortSignal): Promise<void> {
  for (let token = first; !signal.aborted;) {
    const { data } = await refresh(deployment.any(), token);
    if (!data) return;
    token = data.refresh.refreshToken;
    tokens.push(data.refresh.accessToken);
  }
}

// @see keycloak#51312
it.each(ENDS)('a refresh that races %s leaves no token alive once that was answered', async (name, end) => {
  const rounds = times(3, 250);
  let survived = 0;
  for (let round = 0; round < rounds; round++) {
    const user = await signUp(deployment.any());
    const other = await logIn(deployment.any(), user.email);
    const alive = [user.accessToken];
    const over = new AbortController();
    const racing = refreshAllTheTime(user.refreshToken, alive, over.signal);
    await end(deployment.any(), user, other);
    // The very next requests, on every instance, with every token that was ever handed out.
    const verdicts = await Promise.all(
      deployment.servers.flatMap((server) => alive.map((token) => whoAmI(server, token))),
    );
    over.abort();
    await racing;
    survived += verdicts.filter((verdict) => verdict === user.id).length;
  }
  print(`refresh against ${name}`, { rounds, survived });
  expect(survived).toBe(0);
});

it('a login with the old password that races its change leaves no session alive once that was answered', async () => {
  const rounds = times(3, 250);
  let [logins, survived] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const owner = await signUp(deployment.any());
    const tokens: string[] = [];
    let isOver = false;
    const thief = async () => {
      while (!isOver) {
        const session = await logIn(deployment.any(), owner.email).catch(() => undefined);
        if (!session) return;
        tokens.push(session.accessToken);
      }
    };
    const thieves = [thief(), thief(), thief(), thief()];
    const change = await changePassword(deployment.any(), owner.accessToken, PASSWORD, NEW_PASSWORD);
    expect(change.data).toEqual({ changePassword: true });
    // Those that were under way have to end before they can be judged.
    isOver = true;
    await Promise.all(thieves);
    const verdicts = await Promise.all(tokens.map((token) => whoAmI(deployment.any(), token)));
    logins += tokens.length;
    survived += verdicts.filter((verdict) => verdict === owner.id).length;
    expect(await whoAmI(deployment.any(), owner.accessToken)).toBe(owner.id);
  }
  print('login against a change of password', { rounds, logins, survived });
  expect(survived).toBe(0);
});

it('a refresh that races an operator: disabled is out, and changed roles are in the next token', async () => {
  const operator = (...args: string[]) =>
    runProgram(program.operator, ['user', ...args], { env: deployment.env, cwd: tmpdir() });
  const rounds = times(1, 30);
  for (let round = 0; round < rounds; round++) {
    const [demoted, disabled] = [await signUp(deployment.any()), await signUp(deployment.any())];
    const tokens = [disabled.accessToken];
    const over = new AbortController();
    const racing = refreshAllTheTime(disabled.refreshToken, tokens, over.signal);
    const runs = await Promise.all([
      operator('disable', disabled.email),
      operator('roles', demoted.email, 'user', 'admin', '--unconfirmed'),
    ]);
    expect(runs.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    for (const server of deployment.servers) {
      for (const token of tokens.slice(-3)) expect(await whoAmI(server, token)).not.toBe(disabled.id);
      expect(await whoAmI(server, demoted.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');
    }
    over.abort();
    await racing;
    const { data } = await refresh(deployment.any(), demoted.refreshToken);
    const answer = await deployment.any().call('{ me { roles } }', {}, { token: data?.refresh.accessToken });
    expect(answer.data).toEqual({ me: { roles: ['admin', 'user'] } });
  }
  print('refresh against an operator', { rounds, survived: 0 });
});
