import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { signUp } from '../support/accounts.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';

const SECRET = randomBytes(32).toString('base64url');
const GOOD = { NODE_ENV: 'test', DATABASE_URL: 'sqlite::memory:', JWT_SECRET: SECRET };
const PRODUCTION = {
  ...GOOD,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.com',
  APP_URL: 'https://app.example.com',
};
const HEADLINE = 'Latchkey can not start with this configuration:';

let cwd: string;
beforeAll(() => (cwd = mkdtempSync(join(tmpdir(), 'latchkey-cwd-'))));
afterAll(() => rmSync(cwd, { recursive: true }));

describe('a server process with a bad setting', () => {
  // @see nestjs/jwt#2079
  it.each([
    ['JWT_SECRET', '', GOOD],
    ['JWT_SECRET', 'tr0ub4dor', GOOD],
    ['JWT_SECRET', 'change-me-change-me-change-me-change-me', PRODUCTION],
    ['ACCESS_TOKEN_TTL', '15 parsecs', GOOD],
    ['COOKIE_SECURE', 'maybe', GOOD],
    ['COOKIE_SECURE', 'false', PRODUCTION],
    ['DATABASE_URL', 'mysql://root:hunter2@localhost/auth', GOOD],
  ])('exits with 1 and one line that names %s: %j', async (name, value, env) => {
    const run = await runProgram(program.server, [], { env: { ...env, [name]: value }, cwd });
    const lines = run.stderr.trimEnd().split('\n');
    expect([run.exitCode, run.stdout, lines.length]).toEqual([1, '', 2]);
    expect(lines[0]).toBe(HEADLINE);
    expect(lines[1]).toMatch(new RegExp(`^${name} \\S`));
    if (value.length > 8) expect(run.stderr).not.toContain(value);
    expect(run.stderr).not.toContain('hunter2');
  });

  it('lists all of them at once', async () => {
    const env = { ...GOOD, JWT_SECRET: 'short', PORT: 'http', IDE: 'maybe' };
    const { exitCode, stderr } = await runProgram(program.server, [], { env, cwd });
    const names = stderr
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ')[0]);
    expect([exitCode, names.sort()]).toEqual([1, ['IDE', 'JWT_SECRET', 'PORT']]);
  });
});

describe('an administrator that no account can be made of', () => {
  it.each([
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'password' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'Root@Example.com' }],
    ['ADMIN_EMAIL', { ADMIN_EMAIL: 'root@localhost', ADMIN_PASSWORD: 'a long bootstrap password' }],
  ])('is refused by the server and by `config check`, which names %s: %j', async (name, admin) => {
    const options = { env: { ...GOOD, ...admin }, cwd };
    const [server, check] = [
      await runProgram(program.server, [], options),
      await runProgram(program.operator, ['config', 'check'], options),
    ];
    expect([server.exitCode, check.exitCode]).toEqual([1, 1]);
    expect(server.stderr).toMatch(new RegExp(`^${HEADLINE}\n${name} [^\n]+\n$`));
    expect(check.stderr).toMatch(
      new RegExp(`^The server can not start with this configuration:\n  ${name}: [^\n]+\n$`),
    );
  });
});

describe('everything that is wrong with a configuration', () => {
  it('is named by the server, by `config check` and by every other command, whoever knows the rule', async () => {
    const folder = join(cwd, 'all');
    mkdirSync(folder);
    const lines = ['THIS LINE', 'ACCESS_TOKEN_TTL=2h', 'ADMIN_EMAIL=root@example.com', 'ADMIN_PASSWORD=password'];
    writeFileSync(join(folder, '.env'), [...lines, 'MAIL_TEMPLATES=./nosuch', ''].join('\n'), { mode: 0o600 });
    const runs = await Promise.all([
      runProgram(program.server, [], { env: GOOD, cwd: folder }),
      runProgram(program.operator, ['config', 'check'], { env: GOOD, cwd: folder }),
      runProgram(program.operator, ['keys', 'list'], { env: GOOD, cwd: folder }),
    ]);
    const named = ({ stderr }: { stderr: string }) =>
      stderr.match(/^ *(\.env line \d|[A-Z_]{5,})(?=:? (must|is|can))/gm)?.map((name) => name.trim());
    const all = ['.env line 1', 'ACCESS_TOKEN_TTL', 'ADMIN_PASSWORD', 'MAIL_TEMPLATES'];
    expect(runs.map(named)).toEqual([all, all, all]);
  });
});

describe('texts of mails that can not be used', () => {
  const write = (path: string, text: string) => {
    mkdirSync(join(cwd, path, '..'), { recursive: true });
    writeFileSync(join(cwd, path), text);
  };
  const run = async (folder: string) => {
    const options = { env: { ...GOOD, MAIL_TEMPLATES: folder }, cwd };
    return [
      await runProgram(program.server, [], options),
      await runProgram(program.operator, ['config', 'check'], options),
    ] as const;
  };
  beforeAll(() => {
    write('file', '');
    write('bad/en/reset-password.txt', 'Hello\n');
    write('bad/de/magic-link.txt', 'Subject: S\n\n{{link}}\n\n{{#open}}\n');
    write('bad/layout.html', '{{#content}}');
    mkdirSync(join(cwd, 'bad/de/email-left.txt'));
  });

  it.each([
    ['./nosuch', 'can not be read (ENOENT)'],
    ['./file', 'can not be read (ENOTDIR)'],
  ])('are refused by the server and by `config check` with the name of the setting: %s', async (folder, reason) => {
    const [server, check] = await run(folder);
    expect(server).toMatchObject({ exitCode: 1, stderr: `${HEADLINE}\nMAIL_TEMPLATES ${reason}\n` });
    expect([check.exitCode, check.stderr]).toEqual([
      1,
      `The server can not start with this configuration:\n  MAIL_TEMPLATES: ${reason}\n`,
    ]);
  });

  it('are named, all of them', async () => {
    const [, check] = await run('./bad');
    const named = [...check.stderr.matchAll(/^ {2}MAIL_TEMPLATES: has a text that can not be used: (\S+) \S/gm)];
    expect(named.map(([, file]) => file)).toEqual([
      'de/email-left.txt',
      'de/magic-link.txt',
      'en/reset-password.txt',
      'layout.html',
    ]);
  });
});

describe('a server process that can not start', () => {
  it('exits with 1 and says why in one line', async () => {
    const env = { ...GOOD, DATABASE_URL: 'postgres://root:hunter2@127.0.0.1:1/none' };
    const run = await runProgram(program.server, [], { env, cwd });
    expect(run).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'Latchkey can not start: DATABASE_URL: the database none at 127.0.0.1:1 can not be opened: connect ECONNREFUSED 127.0.0.1:1\n',
    });
    const migration = await runProgram(program.operator, ['db', 'migrate'], { env, cwd });
    expect(run.stderr).toBe(`Latchkey can not start: ${migration.stderr}`);
  });
});

describe('the operator program with a bad DATABASE_URL', () => {
  it('exits with 1 and says the same', async () => {
    const env = { DATABASE_URL: 'mysql://root:hunter2@localhost/auth' };
    const { exitCode, stdout, stderr } = await runProgram(program.operator, ['db', 'migrate'], { env, cwd });
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^The server can not start with this configuration:\n {2}DATABASE_URL: must be [^\n]+\n$/);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('a secret that stands in .env alone', () => {
  const special = `${randomBytes(24).toString('base64url')}$HOME#'"\\n \${x}`;

  it('is the one that signs, character for character', async () => {
    const envFile = `# comment\nJWT_ALGORITHM=HS256\nJWT_SECRET=${special}\nDATABASE_URL=sqlite::memory:\n`;
    const server = await ServerProcess.start({ envFile });
    const user = await signUp(server);
    const { payload } = await jwtVerify(user.accessToken, Buffer.from(special), { algorithms: ['HS256'] });
    expect(payload.sub).toBe(user.id);
    await server.remove();
  });

  it('gives way to the environment', async () => {
    const envFile = `JWT_SECRET=${special}\nDATABASE_URL=sqlite::memory:\n`;
    const server = await ServerProcess.start({ envFile, env: { JWT_SECRET: SECRET, JWT_ALGORITHM: 'HS256' } });
    const { accessToken, id } = await signUp(server);
    expect((await jwtVerify(accessToken, Buffer.from(SECRET))).payload.sub).toBe(id);
    await server.remove();
  });
});
