import { jest } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testEngine } from '../support/database.js';
import { refresh, refreshed, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { COMPILE_CACHE, program } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

const isRoot = process.getuid?.() === 0;
const JWT_SECRET = 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E';

/** A disk of 4 MB. Only root may mount one. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-disk-'));
  const { status } = isRoot ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]) : { status: 1 };
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

const disk = testEngine === 'sqlite' ? mountSmallDisk() : undefined;
afterAll(() => {
  if (disk === undefined) return;
  execFileSync('umount', ['--lazy', disk]);
  rmSync(disk, { recursive: true, force: true });
});

// Only root can mount a small disk. One that PostgreSQL fills fails its COMMIT, which `postgres.e2e-spec.ts` does.
(disk === undefined ? it.skip : it)(
  'a full disk: SERVICE_UNAVAILABLE, nothing is half done, and a refresh consumes nothing',
  async () => {
    const folder = disk ?? '';
    const deployment = await Deployment.start({ databaseUrl: `sqlite:${join(folder, 'full.sqlite')}` });
    const [server] = deployment.servers;
    if (!server) throw new Error('A deployment has an instance');
    const user = await signUp(server);
    const filler = join(folder, 'filler');
    for (let round = 0; round < times(2, 50); round++) {
      await deployment.underLoad(4, async () => {
        // Takes what there is, down to the last byte.
        spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', 'status=none']);
        let refusal: string | undefined;
        while (refusal !== 'SERVICE_UNAVAILABLE') refusal = refusalOf(await refresh(server, user.refreshToken));
        // Reading goes on.
        expect(await whoAmI(server, user.accessToken)).toBe(user.id);
        rmSync(filler);
        await refreshed(server, user.refreshToken);
      });
    }
    const { history } = deployment;
    const violations = history.violations();
    await deployment.stop();
    print('full disk', {
      operations: history.entries.length,
      unanswered: history.count('unknown'),
      violations: violations.length,
    });
    expect(violations).toEqual([]);
    expect(history.count('unknown')).toBeGreaterThan(0);
  },
);

// Root may write anywhere, so the server is started as somebody else.
(testEngine === 'sqlite' && isRoot ? it : it.skip)(
  'a data folder that can not be written: the start says so in one line',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-readonly-'));
    mkdirSync(join(folder, 'data'));
    chmodSync(join(folder, 'data'), 0o555);
    const env = {
      ...COMPILE_CACHE,
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      JWT_SECRET,
      DATABASE_URL: 'sqlite:data/x.sqlite',
    };
    chmodSync(folder, 0o755);
    const run = spawnSync(process.execPath, [program.server], {
      cwd: folder,
      env,
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true, force: true });
    expect([run.status, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toMatch(/^Latchkey can not start: EACCES: permission denied, open 'data\/x.sqlite'\n$/);
  },
);

// PostgreSQL lets many write at once.
(testEngine === 'sqlite' ? it : it.skip)(
  '50 parallel writers, and an operator beside them, never hear of a lock',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-writers-'));
    const databaseUrl = `sqlite:${join(folder, 'writers.sqlite')}`;
    const server = await ServerProcess.start({ env: { DATABASE_URL: databaseUrl, JWT_SECRET } });
    const writer = async ({ refreshToken }: TestUser) => {
      const next = await refreshed(server, (await refreshed(server, refreshToken)).refreshToken);
      expect((await server.call('mutation { logout }', {}, { token: next.accessToken })).errors).toEqual([]);
    };
    const env = {
      ...COMPILE_CACHE,
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      BCRYPT_COST: '4',
      JWT_SECRET,
      DATABASE_URL: databaseUrl,
    };
    const rounds = times(2, 20);
    for (let round = 0; round < rounds; round++) {
      const users: TestUser[] = [];
      // One after the other: of many passwords at once some are refused where the machine is busy.
      while (users.length < 50) users.push(await signUp(server));
      const writers = Promise.all(users.map(writer));
      const args = [program.operator, 'user', 'create', `operator-${round}@example.com`];
      const run = spawnSync(process.execPath, args, {
        env,
        cwd: folder,
        input: 'correct horse battery staple',
        encoding: 'utf8',
      });
      expect([run.status, run.stderr]).toEqual([0, '']);
      await writers;
    }
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
    print('parallel writers', { writers: 50, rounds, locked: 0 });
  },
);
