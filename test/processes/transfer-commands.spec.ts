import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { exportPath } from '../transfer/import.js';
import { program, type ProgramRun, runProgram } from '../support/run-program.js';

const FIREBASE = ['--format', 'firebase', '--hash-config', exportPath('firebase-hash-config.txt')];

/** One story told in order. */
describe('the operator', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'latchkey-transfer-'));
  const env = {
    NODE_ENV: 'test',
    DATABASE_URL: `sqlite:${join(cwd, 'test.sqlite')}`,
    JWT_SECRET: randomBytes(32).toString('base64url'),
  };
  const command = (args: string[], input = ''): Promise<ProgramRun> =>
    runProgram(program.operator, args, { env, cwd, input });
  const answered = (exitCode: number, ...lines: string[]): ProgramRun => ({
    exitCode,
    stdout: lines.map((line) => `${line}\n`).join(''),
    stderr: '',
  });
  const refused = (message: string): unknown => ({ exitCode: 1, stdout: '', stderr: expect.stringContaining(message) });
  const misused = (message: string): unknown => ({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) });
  afterAll(() => rmSync(cwd, { recursive: true }));

  it('sees in a dry run what would become of each line', async () => {
    expect(await command(['users:import', exportPath('users.csv'), '--dry-run'])).toEqual(
      answered(
        0,
        'line 2: would be created',
        'line 3: would be created',
        '2 would be created, 0 were imported before, 0 refused.',
      ),
    );
  });

  it('imports, is told of what was refused, and can begin again or behind a line', async () => {
    const firebase = exportPath('firebase.json');
    const problem = 'line 4: refused: email must be an e-mail address';
    const sums = (created: number, present: number) =>
      `${String(created)} created, ${String(present)} were imported before, 1 refused.`;
    expect(await command(['users:import', firebase, ...FIREBASE, '--from', '3'])).toEqual(
      answered(1, problem, sums(1, 0)),
    );
    expect(await command(['users:import', firebase, ...FIREBASE])).toEqual(answered(1, problem, sums(2, 1)));
    expect(await command(['users:import', firebase, ...FIREBASE])).toEqual(answered(1, problem, sums(0, 3)));
  });

  it('imports from standard input, and tells a machine in JSON', async () => {
    const lines = '{"email":"one@stdin.example.com"}\nnone\n';
    expect(await command(['users:import', '-', '--format', 'json-lines', '--json'], lines)).toEqual(
      answered(
        1,
        '{"line":1,"outcome":"created"}',
        '{"line":2,"outcome":"refused","reason":"can not be read"}',
        '{"created":1,"present":0,"refused":1,"lastLine":2,"dryRun":false}',
      ),
    );
  });

  it('exports to a new file that nobody else can read, in both forms, or to standard output', async () => {
    const file = join(cwd, 'users.csv');
    expect(await command(['users:export', file, '--format', 'csv'])).toEqual(
      answered(0, `4 users written to ${file}.`),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(header).toBe('"externalId","email","name","roles","emailVerified","locale","createdAt","disabled"');
    expect(rows[0]).toMatch(
      /^"2cXyQb9sTRcW2gJt7kKpL4uVd3E4","alan@firebase\.example\.com","Alan Turing","user","true",,"2020-/,
    );
    expect(await command(['users:export', file])).toEqual(refused('file already exists'));

    const { exitCode, stdout } = await command(['users:export', '-', '--hashes']);
    expect({ exitCode, users: stdout.trimEnd().split('\n').length }).toEqual({ exitCode: 0, users: 4 });
    expect(stdout).toContain('"passwordHash":"$firebase-scrypt$ln=14,r=8$');
  });

  it('makes an administrator of an address that is not confirmed only where they say so', async () => {
    const line = '{"email":"imp@example.com","roles":["admin"],"emailVerified":false}\n';
    const read = ['users:import', '-', '--format', 'json-lines'];
    const reason = 'roles names more than `user`, and emailVerified is not true: see --unconfirmed';
    expect(await command(read, line)).toEqual(
      answered(1, `line 1: refused: ${reason}`, '0 created, 0 were imported before, 1 refused.'),
    );
    expect(await command(['user', 'show', 'imp@example.com'])).toEqual(refused('There is no such account.'));
    expect(await command([...read, '--unconfirmed'], line)).toEqual(
      answered(0, '1 created, 0 were imported before, 0 refused.'),
    );
  });

  it('is told where an import stopped by a fault of the database, without what the driver quotes', async () => {
    const database = new DatabaseSync(join(cwd, 'test.sqlite'));
    database.exec(
      `create trigger careless before insert on users begin select json_extract('{}', new.password_hash); end`,
    );
    const line = `{"email":"fault@example.com","passwordHash":"pbkdf2_sha256$1000$canary$${'a'.repeat(43)}="}\n`;
    expect(await command(['users:import', '-', '--format', 'json-lines'], line)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Stopped behind line 0. What came before is done; --from 1 goes on.\nbad JSON path: …\n',
    });
    database.exec('drop trigger careless');
    database.close();
    expect(await command(['user', 'show', 'fault@example.com'])).toEqual(refused('There is no such account.'));
  });

  it('may read no further (`| head -1`): an import goes on to its end, and nothing is said of it', async () => {
    const unread = (args: string[], input = '') =>
      runProgram(program.operator, args, { env, cwd, input, isRead: false });
    const file = ['users:import', '-', '--format', 'json-lines', '--json'];
    const lines = Array.from({ length: 1_200 }, (_, index) => `{"email":"unread${String(index)}@example.com"}\n`).join(
      '',
    );
    expect(await unread([...file, '--dry-run'], lines)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await unread(file, lines)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await command(['user', 'show', 'unread1199@example.com'])).toMatchObject({ exitCode: 0 });

    expect(await unread(['config', 'check'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await unread(['role', 'list', '--json'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    // What was written is not all.
    expect(await unread(['users:export', '-'])).toEqual({ exitCode: 1, stdout: '', stderr: '' });
  });

  it('is told where a file ends that is shorter than --from', async () => {
    const lines = '{"email":"short@example.com"}\n'.repeat(14);
    const read = ['users:import', '-', '--format', 'json-lines', '--from', '999'];
    const stderr = 'The file ends at line 14, before the line of --from.\n';
    expect(await command(read, lines)).toMatchObject({ exitCode: 1, stderr });
    expect(await command([...read, '--dry-run'], lines)).toMatchObject({ exitCode: 1, stderr });
  });

  it('is told what is wrong with a file or a call', async () => {
    const broken = join(cwd, 'broken.json');
    writeFileSync(broken, '{"users":[{"email":"x@example.com"},');
    const refusals = await Promise.all([
      command(['users:import', broken, '--format', 'keycloak']),
      command(['users:import', broken]),
      command(['users:import', broken, '--format', 'firebase']),
      command(['users:import', join(cwd, 'missing.csv')]),
      command(['users:import', '-', '--format', 'csv']),
    ]);
    expect(refusals).toEqual([
      refused('file must be one JSON document with a list of users'),
      misused('--format is needed'),
      misused('--hash-config is needed for firebase'),
      refused('no such file'),
      { exitCode: 1, stdout: expect.stringContaining('0 created'), stderr: 'Nobody was found in the file.\n' },
    ]);
    expect(await command(['users:import', broken, '--format', 'nonsense'])).toMatchObject({ exitCode: 2 });
    expect(await command(['users:import', broken, '--from', '0'])).toMatchObject({ exitCode: 2 });
  });
});
