import { MikroORM } from '@mikro-orm/core';
import { decodeProtectedHeader } from 'jose';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import type { AuditEventType } from '../../src/audit/audit-events.js';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { sqliteMigrations } from '../../src/database/migrations/sqlite/index.js';
import { logIn, PASSWORD, refreshed } from '../support/accounts.js';
import { program, runProgram, type ProgramRun } from '../support/run-program.js';
import { whoAmI } from '../support/refusals.js';
import { ServerProcess } from '../support/server-process.js';
import { MailServer } from '../support/mail-server.js';
import { ask } from '../lifecycle/operations.js';
import { eventually } from '../support/eventually.js';

/** What each command leaves in the trail that changes something. */
const CHANGES: Readonly<Record<string, AuditEventType>> = {
  'keys revoke': 'key.revoked',
  'keys rotate': 'key.rotated',
  'mail retry': 'mails.retried',
  'role grant': 'user.roles_changed',
  'role withdraw': 'user.roles_changed',
  'user create': 'user.created',
  'user delete': 'user.deleted',
  'user disable': 'user.disabled',
  'user enable': 'user.enabled',
  'user password-reset-link': 'user.link_requested',
  'user roles': 'user.roles_changed',
  'user sessions --end': 'session.revoked',
  'user verify': 'user.email_verified',
  'users:export': 'users.exported',
  'users:import': 'users.imported',
};

/** `db migrate` makes the table of the trail; `doctor` is a client, and what it does is recorded as of any other. */
const CHANGES_NOTHING = [
  'audit verify',
  'config check',
  'db migrate',
  'db status',
  'doctor',
  'keys list',
  'mail list',
  'role list',
  'user sessions',
  'user show',
];

const ADMIN = 'admin@example.com';
const WEAK = 'pass123';

/** One story told in order: a database of its own, and commands that build on each other. */
describe('the operator', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'latchkey-operator-'));
  const env = {
    NODE_ENV: 'test',
    BCRYPT_COST: '4',
    DATABASE_URL: `sqlite:${join(cwd, 'test.sqlite')}`,
    JWT_SECRET: randomBytes(32).toString('base64url'),
    // The port is the server's: a command of the same environment must not want it.
    METRICS_ENABLED: 'true',
  };
  const command = async (line: string, input = ''): Promise<ProgramRun> => {
    const run = await runProgram(program.operator, line.split(' '), { env, cwd, input });
    for (const secret of [PASSWORD, WEAK, env.JWT_SECRET]) expect(run.stdout + run.stderr).not.toContain(secret);
    if (run.exitCode === 0) succeeded.push(line);
    return run;
  };
  /** The lines of the commands that did what they were asked for. */
  const succeeded: string[] = [];
  /** The words of every command, as the program itself names them. */
  const commandsOf = async (words: string): Promise<string[]> => {
    const { exitCode, stdout } = await command(`${words} --help`.trim());
    expect([words, exitCode, stdout]).toEqual([words, 0, expect.any(String)]);
    const names = Array.from(/\nCommands:\n((?: {2}.*\n)+)/.exec(stdout)?.[1]?.matchAll(/^ {2}([\w:-]+)/gm) ?? []);
    const children = names.map(([, name]) => `${words} ${name ?? ''}`.trim()).filter((name) => !/\bhelp$/.test(name));
    if (children.length > 0) return [words, ...(await Promise.all(children.map(commandsOf))).flat()];
    expect([words, stdout]).toEqual([words, expect.stringMatching(/\nExamples?:\n {2}latchkey /)]);
    return [words];
  };
  const done = (stdout: string): ProgramRun => ({ exitCode: 0, stdout: `${stdout}\n`, stderr: '' });
  const refused = (...lines: string[]): ProgramRun => ({ exitCode: 1, stdout: '', stderr: `${lines.join('\n')}\n` });

  let server: ServerProcess | undefined;
  afterAll(async () => {
    await server?.remove();
    rmSync(cwd, { recursive: true });
  });

  it('prints no head of a trail that has none: none could be kept', async () => {
    expect(await command('audit verify')).toEqual(
      done('0 event(s) in the chain, 0 not in it yet. Nothing was changed.'),
    );
    const { stdout } = await command('audit verify --json');
    expect(JSON.parse(stdout)).toMatchObject({ events: 0, head: null });
  });

  it('makes accounts with the password from standard input, and only good ones', async () => {
    expect(await command(`user create ${ADMIN} --role admin --name Ada`, `${PASSWORD}\n`)).toEqual(
      done(`Created ${ADMIN} (user, admin).`),
    );
    const refusals = await Promise.all([
      command('user create Admin@Example.com', PASSWORD),
      command('user create not-an-address', PASSWORD),
      command('user create weak@example.com', WEAK),
    ]);
    expect(refusals).toEqual([
      refused('An account with this e-mail exists already.', '  email: belongs to an existing account'),
      {
        ...refused('<email> must be an e-mail address', '  <email>: must be an e-mail address'),
        exitCode: 2,
      },
      refused('The password is not acceptable.', '  password: The password must have at least 8 characters.'),
    ]);
  });

  it('can not take the last administrator away, and changes nobody who does not exist', async () => {
    const last = refused('The last administrator can not lose the role or the account.');
    const refusals = await Promise.all([
      command(`user roles ${ADMIN} user`),
      command(`user disable ${ADMIN}`),
      command('user enable nobody@example.com'),
    ]);
    expect(refusals).toEqual([last, last, refused('There is no such account.')]);
  });

  it('changes accounts under a running server, which knows at the next request', async () => {
    server = await ServerProcess.start({ env });
    const admin = await logIn(server, ADMIN);
    expect(await command(`user roles ${ADMIN} user admin`)).toEqual(done(`${ADMIN} holds: user, admin.`));
    expect(await whoAmI(server, admin.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');

    expect(await command('user create second@example.com --role admin', PASSWORD)).toMatchObject({ exitCode: 0 });
    expect(await command(`user disable ${ADMIN} --reason left`)).toEqual(done(`${ADMIN} is disabled.`));
    expect(await whoAmI(server, admin.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    await expect(logIn(server, ADMIN)).rejects.toThrow('INVALID_CREDENTIALS');

    expect(await command(`user enable ${ADMIN}`)).toEqual(done(`${ADMIN} is enabled.`));
    expect(await command(`user verify ${ADMIN}`)).toEqual(done(`${ADMIN} is verified.`));
    const { accessToken } = await logIn(server, ADMIN);
    const { data } = await server.call('{ me { name emailVerified roles } }', {}, { token: accessToken });
    expect(data).toEqual({ me: { name: 'Ada', emailVerified: true, roles: ['admin', 'user'] } });
  });

  it('rotates signing keys and revokes one, under a running server, and sees how much each is used', async () => {
    if (!server) throw new Error('The server of the former chapter runs');
    const before = await logIn(server, ADMIN);
    const former = decodeProtectedHeader(before.accessToken).kid ?? '';
    const rotation = await command('keys rotate --now');
    expect(rotation.stdout).toMatch(/^A new key is published\. It signs from \S+Z\.\n$/);
    const { stdout } = await command('keys list');
    expect(stdout).toMatch(new RegExp(`^${former}  ES256  (active|retiring) .* \\d+ tokens, `, 'm'));
    expect(stdout).toMatch(/^[\w-]{43} {2}ES256 {2}(published|active) .* 0 tokens, never seen$/m);
    expect(await command(`keys revoke ${former}`)).toEqual(
      done(`${former} is revoked. Its tokens are refused; their owners refresh.`),
    );
    expect(await whoAmI(server, before.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    const next = await refreshed(server, before.refreshToken);
    expect(decodeProtectedHeader(next.accessToken).kid).not.toBe(former);
    expect(await whoAmI(server, next.accessToken)).toBe(before.id);
  });

  it('shows an account, gives and takes roles, and prints a link to set a password with, once', async () => {
    const shown = JSON.parse((await command(`user show ${ADMIN} --json`)).stdout) as Record<string, unknown>;
    expect(shown).toMatchObject({ email: ADMIN, name: 'Ada', roles: ['admin', 'user'], disabledAt: null });
    expect((await command('role list')).stdout).toMatch(
      /^admin {2}\d+ holder\(s\) {2}audit:read .*\nuser {2}\d+ holder\(s\) {2}-\n$/,
    );
    expect(await command(`role grant ${ADMIN} nothing`)).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await command(`role withdraw ${ADMIN} user`)).toEqual(done(`${ADMIN} holds: admin.`));
    expect(await command(`role grant ${ADMIN} user`)).toEqual(done(`${ADMIN} holds: admin, user.`));
    const { url } = JSON.parse((await command(`user password-reset-link ${ADMIN} --json`)).stdout) as { url: string };
    expect(url).toMatch(/^http:\/\/localhost:5173\/reset-password#token=lko_/);
    const sessions = JSON.parse((await command(`user sessions ${ADMIN} --json`)).stdout) as object[];
    expect(sessions.length).toBeGreaterThan(0);
    expect(await command(`user sessions ${ADMIN} --end`)).toEqual(done(`${String(sessions.length)} session(s) ended.`));
    expect(await command(`user sessions ${ADMIN}`)).toEqual(done('Signed in nowhere.'));
  });

  it('verifies the audit trail, and says which migrations have run', async () => {
    const { exitCode, stdout } = await command('audit verify --json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { faults: [], head: expect.stringMatching(/^\d+:/) }]);
    const status = JSON.parse((await command('db status --json')).stdout) as { applied: string[]; pending: string[] };
    expect([status.applied.length, status.pending]).toEqual([sqliteMigrations.length, []]);
  });

  it('sees what the server would run with, and never a secret', async () => {
    const { exitCode, stdout } = await command('config check');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('BCRYPT_COST = 4  (environment)\n');
    expect(stdout).toContain('PORT = 4000  (default)\n');
    expect(stdout).toContain('JWT_SECRET = (hidden)  (environment)\n');
    const broken = await runProgram(program.operator, ['config', 'check', '--json'], { env: { PORT: 'x' }, cwd });
    expect(broken.exitCode).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ problems: [{ name: 'PORT' }, { name: 'JWT_SECRET' }] });
  });

  it('is told once why, and as one JSON value with --json, where the database is away', async () => {
    const away = { ...env, DATABASE_URL: 'postgres://root:hunter2@127.0.0.1:1/none' };
    const run = (...args: string[]) => runProgram(program.operator, args, { env: away, cwd });
    const reason = 'DATABASE_URL: the database none at 127.0.0.1:1 can not be opened: connect ECONNREFUSED 127.0.0.1:1';
    expect(await run('keys', 'list')).toEqual({ exitCode: 1, stdout: '', stderr: `${reason}\n` });
    const { stderr } = await run('keys', 'list', '--json');
    expect(JSON.parse(stderr)).toEqual({ error: { message: reason, fields: [] } });
  });

  it('sees in `config check` that others can read .env, and no value of a line that is not understood', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-env-file-'));
    const file = join(folder, '.env');
    const check = () => runProgram(program.operator, ['config', 'check'], { env, cwd: folder });
    writeFileSync(file, 'PORT=5001\n');
    chmodSync(file, 0o644);
    const open = await check();
    expect([open.exitCode, open.stderr]).toEqual([0, '']);
    expect(open.stdout).toContain(
      '\n.env: others can read or change it (mode 644). Give it mode 600: it holds secrets.\n',
    );
    writeFileSync(file, 'JWT_AUDIENCE="open\nADMIN_PASSWORD=hunter2\nPORT: 5001\n');
    const swallowing = await check();
    expect(swallowing.exitCode).toBe(1);
    expect(swallowing.stderr).toMatch(
      /^The server can not start with this configuration:\n {2}\.env line 1: begins a value in quotes [^\n]+\n {2}\.env line 3: is neither [^\n]+\n {2}ADMIN_EMAIL: must [^\n]+\n$/,
    );
    expect(swallowing.stdout + swallowing.stderr).not.toContain('hunter2');
    rmSync(folder, { recursive: true });
  });

  it('finds an example in the help of every command', async () => {
    expect((await commandsOf('')).length).toBeGreaterThan(25);
  });

  it('calls it latchkey, too', async () => {
    const { bin } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      bin: { latchkey: string };
    };
    const path = fileURLToPath(new URL(`../../${bin.latchkey}`, import.meta.url));
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '0.1.0\n']);
  });

  it('tells a wrong call from a refusal by its exit code, and a machine in JSON', async () => {
    expect(await command('user nothing')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await command('role grant')).toMatchObject({ exitCode: 2, stdout: '' });
    for (const line of ['audit verify --head 7', 'users:import users.txt', 'users:import users.json --format firebase'])
      expect([line, await command(line)]).toEqual([line, expect.objectContaining({ exitCode: 2, stdout: '' })]);
    for (const line of [
      'doctor localhost:4150',
      ...['show', 'sessions', 'enable', 'verify', 'password-reset-link', 'delete'].map((name) => `user ${name} ada@@x`),
      'user roles ada@@x user',
      'role grant ada@@x admin',
      'role withdraw ada@@x admin',
      `user disable ${ADMIN} --reason ${'x'.repeat(1_001)}`,
      `user create x@example.com --name ${'x'.repeat(201)}`,
    ])
      expect([line, await command(line, PASSWORD)]).toEqual([
        line,
        expect.objectContaining({ exitCode: 2, stdout: '' }),
      ]);
    expect(await command('audit verify --help')).toMatchObject({ exitCode: 0, stderr: '' });
    const refusal = await command('user show nobody@example.com --json');
    expect([refusal.exitCode, JSON.parse(refusal.stderr)]).toEqual([
      1,
      { error: { message: 'There is no such account.', fields: [] } },
    ]);
  });

  it('tells a machine in JSON what is wrong with the configuration or the call, whatever it calls', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-json-'));
    writeFileSync(join(folder, '.env'), 'PORT=x\nPROT=1\n', { mode: 0o600 });
    const run = (line: string, settings: Record<string, string>) =>
      runProgram(program.operator, `${line} --json`.split(' '), { env: settings, cwd: folder });
    const said = ({ stderr }: ProgramRun) =>
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    const error = (message: unknown, fields: unknown[] = []) => ({ error: { message, fields } });
    const wrong = error('The server can not start with this configuration:', [
      { path: 'PORT', message: 'must be a whole number from 0 to 65535' },
    ]);
    for (const line of ['user show a@b.example', 'keys list', 'users:export -', 'mail retry']) {
      const refusal = await run(line, env);
      const warning = { warning: '.env: PROT is not a setting of Latchkey and is ignored.' };
      expect([line, refusal.exitCode, refusal.stdout, said(refusal)]).toEqual([line, 1, '', [warning, wrong]]);
    }
    const database = await run('db status', { DATABASE_URL: 'mysql://x' });
    expect([database.exitCode, said(database)]).toEqual([1, [error(expect.any(String), [expect.any(Object)])]]);
    for (const [line, message] of [
      ['user show --nope', "unknown option '--nope'"],
      ['user show', "missing required argument 'email'"],
      ['user nothing', "unknown command 'nothing'"],
      ['users:import x.csv --from 0', expect.stringContaining('must be the number of a line.')],
      ['user', expect.any(String)],
      ['--nope', "unknown option '--nope'"],
    ] as const) {
      const misuse = await run(line, env);
      expect([line, misuse.exitCode, misuse.stdout, said(misuse)]).toEqual([line, 2, '', [error(message)]]);
    }
    expect(await command('user show --help --json')).toMatchObject({ exitCode: 0, stderr: '' });
    rmSync(folder, { recursive: true });
  });

  it('lists the mails that are not sent, with the reason, and lets them be tried again', async () => {
    // The one of the former chapters would make files of mails.
    await server?.kill();
    const mails = await MailServer.start();
    mails.mood = { refuses: 550 };
    const sender = await ServerProcess.start({ env: { ...env, MAIL_URL: mails.url } });
    await ask.reset(sender, ADMIN);
    await eventually('the mail was given up', async () => (await command('mail list')).stdout.includes('given up'));
    const { stdout } = await command('mail list');
    expect(stdout).toMatch(
      new RegExp(
        `^[0-9a-f-]{36} {2}\\S+Z {2}reset-password {2}${ADMIN} {2}given up after 1 attempt.* 550 .*\n1 mail.s.\\.\n$`,
      ),
    );
    mails.mood = 'accepts';
    expect(await command('mail retry')).toEqual(done('1 mail(s) are due again.'));
    await eventually('the mail arrives', async () => mails.to(ADMIN).length === 1);
    expect(await command('mail list')).toEqual(done('0 mail(s).'));
    await sender.remove();
    await mails.stop();
  });

  it('brings accounts in, writes them to a file, and deletes one', async () => {
    const line = JSON.stringify({ email: 'third@example.com' });
    expect(await command('users:import - --format json-lines', `${line}\n`)).toMatchObject({ exitCode: 0 });
    expect(await command(`users:export ${join(cwd, 'users.csv')} --format csv`)).toMatchObject({ exitCode: 0 });
    expect(await command('user delete third@example.com')).toEqual(done('Deleted.'));
  });

  it('leaves an event in the trail with each command that changes something', async () => {
    const commands = await commandsOf('');
    const leaves = commands.filter((words) => !commands.some((other) => other.startsWith(`${words} `)) && words !== '');
    const listed = [...Object.keys(CHANGES), ...CHANGES_NOTHING].filter((words) => !words.includes('--'));
    expect(leaves.sort()).toEqual(listed.sort());

    const orm = await MikroORM.init(ormOptions({ DATABASE_URL: env.DATABASE_URL }, entities));
    // No request has caused these, and no user.
    const events = await orm.em.fork().find(AuditEvent, { requestId: null, actorId: null });
    await orm.close();
    const expected = new Map<string, number>();
    for (const [words, type] of Object.entries(CHANGES)) {
      const [name, option = ''] = words.split(' --');
      const runs = succeeded.filter((line) => `${line} `.startsWith(`${name ?? ''} `) && line.includes(option));
      expect([words, runs.filter((line) => !line.includes('--help')).length > 0]).toEqual([words, true]);
      expected.set(type, (expected.get(type) ?? 0) + runs.filter((line) => !line.includes('--help')).length);
    }
    for (const [type, runs] of expected) {
      const left = events.filter((event) => event.type === type).length;
      expect([type, left]).toEqual([type, expect.any(Number)]);
      expect(left).toBeGreaterThanOrEqual(runs);
    }
  });

  // base64url has dashes, so a `kid` may look like an option, even like one that the program knows.
  it.each(['nonsense', '-_onsense', '--nsense', '-honsense', '-Vonsense'])('takes %s for a kid', async (kid) => {
    expect(await command(`keys revoke ${kid}`)).toEqual(refused('No signing key with this kid is in use.'));
  });
});
