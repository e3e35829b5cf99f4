import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { callGraphQL } from '../support/graphql-client.js';
import { newEmail, refreshed, signUp } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const isRoot = process.getuid?.() === 0;
/** The user `nobody`. */
const SOMEBODY_ELSE = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** The `COPY` lines of a stage, as [from, sources]. */
function copiesOf(stage: string): [from: string | undefined, sources: string[]][] {
  return [...stage.matchAll(/^COPY (?:--from=(\w+) )?(.+) \S+$/gm)].map(([, from, sources = '']) => [
    from,
    sources.split(' '),
  ]);
}

/** Does what the Dockerfile does, with its own lists of files, where no Docker is. */
describe('the steps of the image', () => {
  const stages = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .split(/^(?=FROM )/m)
    .slice(1);
  const [build = '', packages = '', final = ''] = stages;
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-image-'));
  const [built, installed, image, data] = ['build', 'packages', 'image', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];

  function copyInto(target: string, from: string, sources: readonly string[]): void {
    mkdirSync(target, { recursive: true });
    for (const source of sources) {
      const name = source.replace(/^\/app\//, '');
      cpSync(join(from, name), join(target, name), { recursive: true, verbatimSymlinks: true });
    }
  }

  afterAll(() => {
    spawnSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('build what the final stage copies, from the files that the first stage has', () => {
    for (const [from, sources] of copiesOf(build)) if (!from) copyInto(built, ROOT, sources);
    // The packages of this checkout are those of `npm ci --include=dev`.
    symlinkSync(join(ROOT, 'node_modules'), join(built, 'node_modules'));
    const command = /^RUN (npx nest build.*)$/m.exec(build)?.[1] ?? '';
    const run = spawnSync('sh', ['-c', command], { cwd: built, encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(existsSync(join(built, 'dist/main.js'))).toBe(true);
  });

  it('install no development package', () => {
    for (const [, sources] of copiesOf(packages)) copyInto(installed, ROOT, sources);
    const command = /^RUN (npm ci --omit=dev.*)$/m.exec(packages)?.[1] ?? '';
    const run = spawnSync('sh', ['-c', `${command} --prefer-offline --loglevel=error`], {
      cwd: installed,
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const found = new Set(readdirSync(join(installed, 'node_modules')));
    for (const name of ['jest', 'eslint', 'playwright-core', 'prettier']) expect(found).not.toContain(name);
    expect(found).toContain('bcrypt');
  }, 300_000);

  it('run as somebody else on a tree that is read-only: sign up, log in, refresh, log out, and stop with 0', async () => {
    for (const [from, sources] of copiesOf(final)) {
      copyInto(image, from === 'packages' ? installed : from === 'build' ? built : ROOT, sources);
    }
    spawnSync('chmod', ['-R', 'a-w,a+rX', image]);
    mkdirSync(data);
    chmodSync(data, 0o777);
    chmodSync(folder, 0o755);
    const port = await freePort();
    const [, file = '', main = ''] = /^CMD \["(node)", "(.+)"\]$/m.exec(final) ?? [];
    expect([file, main]).toEqual(['node', 'dist/main.js']);
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: `sqlite:${join(data, 'latchkey.sqlite')}`,
      JWT_SECRET: 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E',
      PUBLIC_URL: 'http://localhost:4000',
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'error',
    };
    const child = spawn(process.execPath, [main], { cwd: image, env, ...SOMEBODY_ELSE, stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const url = `http://127.0.0.1:${port}`;
    const call = <T>(...args: [string, Record<string, unknown>?, object?]) => callGraphQL<T>(url, ...args);
    const deadline = performance.now() + 30_000;
    while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
      if (performance.now() > deadline) throw new Error(`The server does not answer: ${output}`);
      await delay(100);
    }
    const user = await signUp({ call }, newEmail());
    const next = await refreshed({ call }, user.refreshToken);
    expect(await whoAmI({ call }, next.accessToken)).toBe(user.id);
    await call('mutation { logout }', {}, { token: next.accessToken });
    expect(await whoAmI({ call }, next.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const lines = output.split('\n').filter((line) => line !== '');
    const contexts = lines.map((line) => (JSON.parse(line) as { context?: string }).context);
    expect(new Set(contexts)).toEqual(new Set(['Audit', 'Configuration']));
  });
});
