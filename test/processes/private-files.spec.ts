import { chmodSync, mkdtempSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newEmail, signUp } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';

const JWT_SECRET = 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E';

/** Each file and folder below, with what the group and others may do with it. */
const modesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path, (statSync(path).mode & 0o077).toString(8)] as const;
  });

describe.each(['0', '22'])('with umask %s', (umask) => {
  let folder: string;
  let former: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-private-'));
    former = process.umask(Number.parseInt(umask, 8));
  });
  afterEach(() => {
    process.umask(former);
    rmSync(folder, { recursive: true });
  });
  const envIn = (data: string) => ({ JWT_SECRET, DATABASE_URL: `sqlite:${join(data, 'latchkey.sqlite')}` });

  it('nobody else can read a file that the server or a command of it makes', async () => {
    const data = join(folder, 'made', 'data');
    const server = await ServerProcess.start({ env: { ...envIn(data), MAIL_OUTBOX: join(folder, 'made', 'outbox') } });
    const { email } = await signUp(server, newEmail());
    await server.call('mutation ($email: String!) { requestPasswordReset(email: $email) }', { email });
    await eventually('a mail', async () => modesIn(folder).some(([path]) => path.endsWith('.eml')));
    const exported = await runProgram(program.operator, ['users:export', join(folder, 'users.jsonl')], {
      env: envIn(data),
      cwd: folder,
    });
    expect([exported.exitCode, exported.stderr]).toEqual([0, expect.any(String)]);

    const found = modesIn(folder);
    await server.remove();
    for (const end of ['.sqlite', '.sqlite-wal', '.sqlite-shm', '.eml', 'outbox', 'users.jsonl'])
      expect(found.map(([path]) => path)).toContainEqual(expect.stringMatching(`${end}$`));
    expect(found.filter(([, mode]) => mode !== '0')).toEqual([]);
  });

  it('a database that others could read is closed to them, and its folder is left to its owner', async () => {
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o755 });
    chmodSync(data, 0o755);
    writeFileSync(join(data, 'latchkey.sqlite'), '', { mode: 0o666 });
    const server = await ServerProcess.start({ env: envIn(data) });
    const found = modesIn(folder);
    await server.remove();
    expect(found.filter(([, mode]) => mode !== '0')).toEqual([[data, '55']]);
  });
});
