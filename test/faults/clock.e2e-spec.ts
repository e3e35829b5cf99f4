import { jest } from '@jest/globals';
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logIn, refresh, refreshed, signUp } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

/** Debian's package `libfaketime`. It replaces the clock of a process, and a file tells it how. */
const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
if (!library && process.env['CI'] === 'true') throw new Error('CI has to install faketime');
const hasFakeTime = library !== undefined && existsSync(library);

const JUMPS = ['+2s', '-2s', '+5m', '-5m', '+3h', '-3h', '+400d', '-400d', '+3650d', '-3650d'];
const ROUNDS = times(1, 5);
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(offset: string): number {
  const [, amount, unit] = /^([+-]\d+)([smhd]?)$/.exec(offset) ?? [];
  return Number(amount) * UNITS[(unit || 's') as keyof typeof UNITS];
}

const UNDONE = /^[0-9a-f]{8}-/;

// Install Debian's `faketime` to run it. CI does.
(hasFakeTime ? describe : describe.skip)('the clock of the process is set while it works', () => {
  let folder: string;
  let deployment: Deployment;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-clock-'));
    setClock('+0');
    deployment = await Deployment.start({
      instances: 2,
      env: {
        LD_PRELOAD: library ?? '',
        FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
        FAKETIME_NO_CACHE: '1',
        // Timers run by another clock, which nobody can set.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function setClock(offset: string): void {
    writeFileSync(join(folder, 'clock'), `${offset}\n`);
  }

  async function set(offset: string): Promise<void> {
    setClock(offset);
    const expected = (await clocks()).map(() => Date.now() + millisecondsOf(offset));
    await eventually('every clock is set', async () =>
      (await clocks()).every((clock, index) => Math.abs(clock - (expected[index] ?? 0)) < 2_500),
    );
  }

  /** As each server tells the time to everybody. */
  function clocks(): Promise<number[]> {
    return Promise.all(
      deployment.servers.map(async ({ url }) =>
        Date.parse((await fetch(`${url}/health/live`)).headers.get('date') ?? ''),
      ),
    );
  }

  it.each(JUMPS)(
    'by %s and back: nobody comes back, nobody is locked out, and what expired is told so',
    async (jump) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [living, ended] = [await signUp(deployment.any()), await signUp(deployment.any())];
        await deployment.any().call('mutation { logout }', {}, { token: ended.accessToken });

        await set(jump);
        const during = await whoAmI(deployment.any(), living.accessToken);
        // The token lives, has expired or is from the future; all of these a client mends by itself.
        expect([living.id, 'UNAUTHENTICATED/TOKEN_EXPIRED', 'UNAUTHENTICATED/TOKEN_INVALID']).toContain(during);
        for (const server of deployment.servers) {
          expect(await whoAmI(server, ended.accessToken)).not.toMatch(UNDONE);
          expect((await refresh(server, ended.refreshToken)).data).toBeNull();
        }
        const refreshedThen = await refresh(deployment.any(), living.refreshToken);
        // After a year the session is over, by this clock.
        if (!refreshedThen.data) expect(refusalOf(refreshedThen)).toMatch(/REFRESH_TOKEN_EXPIRED|SESSION_EXPIRED/);
        const newcomer = await signUp(deployment.any());

        await set('+0');
        const current = refreshedThen.data?.refresh.refreshToken ?? living.refreshToken;
        const after = await refreshed(deployment.any(), current);
        expect(after.id).toBe(living.id);
        expect(await whoAmI(deployment.any(), after.accessToken)).toBe(living.id);
        expect((await logIn(deployment.any(), newcomer.email)).id).toBe(newcomer.id);
        const again = await refresh(deployment.any(), newcomer.refreshToken);
        // Who signed in a year ago, by the wrong clock, has a session that is over by the right one.
        if (!again.data) expect(refusalOf(again)).toMatch(/REFRESH_TOKEN_EXPIRED|SESSION_EXPIRED/);
        for (const server of deployment.servers) {
          expect(await whoAmI(server, ended.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
        }
      }
      print(`clock ${jump} and back`, { rounds: ROUNDS, violations: 0 });
    },
  );
});
