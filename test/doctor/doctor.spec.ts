import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Account } from '../../src/doctor/account.js';
import { Deployment } from '../../src/doctor/deployment.js';
import { CHECK_NAMES, type Diagnosis, examine } from '../../src/doctor/doctor.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';
import { PASSWORD } from '../support/accounts.js';
import { FaultyProxy, type PlantedRequest } from './faulty-proxy.js';
import { PLANTED_FAULTS } from './plants.js';

const EMAIL = 'doctor-known@example.com';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-doctor-'));

let server: ServerProcess;
let proxy: FaultyProxy;
beforeAll(async () => {
  // Nothing but what has no default; the rest is what a test leaves out elsewhere to be fast.
  const defaults = { BCRYPT_COST: '12', RATE_LIMITS_ENABLED: 'true', NEW_DEVICE_NOTICE: 'true' };
  const JWT_SECRET = randomBytes(32).toString('base64url');
  server = await ServerProcess.start({
    env: { ...defaults, NODE_ENV: 'production', JWT_SECRET, DATABASE_URL: `sqlite:${join(folder, 'test.sqlite')}` },
  });
  const input = { email: EMAIL, password: PASSWORD };
  await server.call('mutation ($input: SignupInput!) { signup(input: $input) { __typename } }', { input });
  proxy = await FaultyProxy.start(server.url);
});
afterAll(async () => {
  await proxy.stop();
  await server.remove();
  rmSync(folder, { recursive: true });
});

const run = (args: string[], input?: string) =>
  runProgram(program.operator, ['doctor', ...args], { env: {}, cwd: '/', ...(input !== undefined && { input }) });

async function diagnose(url: string, account: Account | undefined, names: readonly string[]): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  // The metrics of whoever else runs on this machine are none of the test's.
  const deployment = new Deployment(url, Number(new URL(url).port));
  for await (const diagnosis of examine(deployment, account, names)) found.push(diagnosis);
  return found;
}

describe('a default deployment in production', () => {
  it.each([
    ['an account of its own', ['--email', EMAIL], `${PASSWORD}\n`],
    ['one that it makes and deletes', ['--sign-up'], ''],
  ])('has nothing that the doctor finds, with %s', async (_what, args, input) => {
    const { exitCode, stdout, stderr } = await run([server.url, ...args, '--json'], input);
    const found = JSON.parse(stdout) as Diagnosis[];
    expect(found.map(({ name, result }) => `${name} ${result}`)).toEqual(CHECK_NAMES.map((name) => `${name} ok`));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('keeps no session and no account of the doctor', async () => {
    const databaseUrl = `sqlite:${join(folder, 'test.sqlite')}`;
    const env = { DATABASE_URL: databaseUrl, JWT_SECRET: randomBytes(32).toString('base64url') };
    const lines = async (...args: string[]) =>
      (await runProgram(program.operator, args, { env, cwd: folder })).stdout.trimEnd().split('\n');
    // That of the sign-up.
    expect(await lines('user', 'sessions', EMAIL)).toEqual([expect.stringMatching(/^[0-9a-f-]{36} {2}/)]);
    expect(await lines('users:export', '-')).toHaveLength(1);
  });

  it('is looked at without an account, and what takes one is said to be skipped', async () => {
    const { exitCode, stdout } = await run([server.url, '--only', 'cors', 'reuse']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: [
        'ok       cors   no strange origin may read answers',
        'skipped  reuse  a refresh token that was replaced ends its session when it comes again',
        '',
        '1 ok, 0 fault(s), 1 skipped: they take --email or --sign-up.',
        '',
      ].join('\n'),
    });
  });

  it('is not what is found at another URL, with a wrong password or under a wrong name', async () => {
    const refusals = await Promise.all([
      run(['http://127.0.0.1:1']),
      run(['ftp://127.0.0.1']),
      run([server.url, '--email', EMAIL], 'a wrong password'),
      run([server.url, '--only', 'nonsense']),
    ]);
    expect(refusals.map(({ exitCode, stdout, stderr }) => [exitCode, stdout, stderr.split('\n', 1)[0]])).toEqual([
      [1, '', 'url must be where a Latchkey server answers'],
      [2, '', '<url> must be an http or https URL'],
      [1, '', 'email must be of an account that can sign in with this password'],
      [2, '', expect.stringContaining('--only must name some of: transport, headers')],
    ]);
  });
});

describe('a planted fault', () => {
  let account: Account;
  beforeAll(async () => {
    account = await Account.existing(new Deployment(proxy.url), EMAIL, PASSWORD);
  });

  it.each(PLANTED_FAULTS)('is found by %s: %s', async (name, fault, plant) => {
    proxy.plant = plant();
    const detail = expect.stringContaining(fault) as unknown;
    expect(await diagnose(proxy.url, account, [name])).toEqual([{ name, result: 'fault', detail }]);
  });

  it.each(CHECK_NAMES.filter((name) => name !== 'transport'))('is there for the check %s', (name) => {
    expect(PLANTED_FAULTS.some(([check]) => check === name)).toBe(true);
  });

  it('makes the command exit with 1', async () => {
    proxy.plant = PLANTED_FAULTS[0]?.[2]() ?? {};
    const { exitCode, stdout } = await run([proxy.url, '--only', 'headers']);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('FAULT    headers  missing or too weak: x-content-type-options\n\n0 ok, 1 fault(s).\n');
  });
});

it('a doctor who is interrupted deletes the account that it has made, and says what it found', async () => {
  const args = [program.operator, 'doctor', proxy.url, '--sign-up'];
  const child = spawn(process.execPath, args, { env: {}, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const operations: string[] = [];
  proxy.plant = {
    answer: (answer, { body }) => {
      operations.push(...(/(?<=\{ )(signup|deleteAccount)(?=\()/.exec(body) ?? []));
      if (body.includes('signup(')) child.kill('SIGINT');
      return answer;
    },
  };
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect({ exitCode: child.exitCode, stdout, stderr, operations: [...new Set(operations)] }).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(/^ok {2,}transport .*\n(.+\n)*\n\d+ ok, 0 fault\(s\)\.\n$/) as unknown,
    stderr: 'Interrupted: the other checks were not made.\n',
    operations: ['signup', 'deleteAccount'],
  });
  // Those that were over when the signal came; the last ones take seconds.
  expect(stdout).not.toContain(CHECK_NAMES.at(-1));
});

it('whoever hangs up is not taken for well, and the other checks go on', async () => {
  const detail: unknown = expect.stringMatching(/^could not be looked at: .*fetch failed$/);
  const found = await diagnose('http://127.0.0.1:1', undefined, ['headers', 'transport', 'guessing']);
  expect(found).toEqual([
    { name: 'transport', result: 'ok', detail: expect.any(String) },
    { name: 'headers', result: 'fault', detail },
    { name: 'guessing', result: 'fault', detail },
  ]);
});

describe('a frontend that answers for every other path', () => {
  const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html>' };
  const isOurs = (path: string) => path === '/graphql';
  const withNonce = () => `<!doctype html><script nonce="${randomBytes(8).toString('hex')}">start()</script>`;

  it('serves no file and no page of operators by that, but may by another answer', async () => {
    proxy.plant = { ask: ({ path }) => (isOurs(path) ? undefined : page) };
    const names = ['files', 'operations'];
    expect((await diagnose(proxy.url, undefined, names)).map(({ result }) => result)).toEqual(['ok', 'ok']);
    proxy.plant = { ask: ({ path }) => (isOurs(path) ? undefined : { ...page, body: withNonce() }) };
    expect((await diagnose(proxy.url, undefined, names)).map(({ result }) => result)).toEqual(['ok', 'ok']);
    const secret = { ...page, body: 'JWT_SECRET=' };
    proxy.plant = { ask: ({ path }) => (isOurs(path) ? undefined : path === '/.env' ? secret : page) };
    const [files] = await diagnose(proxy.url, undefined, names);
    expect(files).toEqual({ name: 'files', result: 'fault', detail: '/.env is served' });
  });
});

describe('what is no fault', () => {
  const namesOf = (found: Diagnosis[]) => found.filter(({ result }) => result !== 'ok').map(({ name }) => name);

  it.each([
    ['answers for every other path', ({ path }: PlantedRequest) => path !== '/graphql'],
    ['answers for / alone', ({ path }: PlantedRequest) => path === '/'],
  ])('a frontend on the same host that %s is no playground', async (_, isTheirs) => {
    const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html>' };
    proxy.plant = { ask: (request) => (isTheirs(request) ? page : undefined) };
    expect(namesOf(await diagnose(proxy.url, undefined, ['playground']))).toEqual([]);
  });

  it('a header that comes twice and says the same', async () => {
    const twice = {
      'x-content-type-options': ['nosniff', 'nosniff'],
      'referrer-policy': ['no-referrer', 'no-referrer'],
    };
    proxy.plant = { answer: (answer) => ({ ...answer, headers: { ...answer.headers, ...twice } }) };
    expect(namesOf(await diagnose(proxy.url, undefined, ['headers']))).toEqual([]);
  });

  it('a refusal that a proxy answers with status 200', async () => {
    proxy.plant = { answer: (answer) => ({ ...answer, status: 200 }) };
    expect(namesOf(await diagnose(proxy.url, undefined, ['files', 'operations']))).toEqual([]);
  });
});

it('a password is not sent where it can be read on its way', async () => {
  const sent: string[] = [];
  proxy.plant = {
    ask: ({ body }) => {
      sent.push(body);
      return undefined;
    },
  };
  const elsewhere = proxy.url.replace('127.0.0.1', '0.0.0.0');
  const { exitCode, stdout, stderr } = await run([elsewhere, '--email', EMAIL], PASSWORD);
  expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^--email is not used over plain http/)]);
  expect(sent.filter((body) => body.includes(PASSWORD))).toEqual([]);
});

it('cors: by https, a page of the same host that came by http is a stranger', async () => {
  const tls = await FaultyProxy.start(server.url, { tls: true });
  const plain = tls.url.replace('https:', 'http:');
  tls.plant = {
    answer: (answer, { headers }) =>
      headers['origin'] === plain
        ? { ...answer, headers: { ...answer.headers, 'access-control-allow-origin': plain } }
        : answer,
  };
  const args = ['doctor', tls.url, '--only', 'cors', '--json'];
  const { stdout } = await runProgram(program.operator, args, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, cwd: '/' });
  const detail = `pages of ${plain} can read the answers`;
  expect(JSON.parse(stdout)).toEqual([{ name: 'cors', result: 'fault', detail }]);
  await tls.stop();
});

it('reads no more of an answer than an honest one has', async () => {
  const endless = createServer((_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536, ' ')));
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  const { port } = endless.address() as AddressInfo;
  const { text } = await new Deployment(`http://127.0.0.1:${String(port)}`).request('/');
  expect(text.length).toBeGreaterThan(1_000_000);
  expect(text.length).toBeLessThan(2_000_000);
  endless.closeAllConnections();
  endless.close();
});

it('cors: what developers use is trusted on their own machines alone', async () => {
  const trusting = await FaultyProxy.start(server.url);
  trusting.plant = {
    answer: (answer, { headers }) => {
      const origin = headers['origin'] ?? '';
      const allowed = origin.includes('localhost') && { 'access-control-allow-origin': origin };
      return { ...answer, headers: { ...answer.headers, ...allowed } };
    },
  };
  const elsewhere = trusting.url.replace('127.0.0.1', '0.0.0.0');
  expect((await diagnose(trusting.url, undefined, ['cors']))[0]?.result).toBe('ok');
  expect(await diagnose(elsewhere, undefined, ['cors'])).toEqual([
    { name: 'cors', result: 'fault', detail: 'pages of http://localhost:5173 can read the answers' },
  ]);
  await trusting.stop();
});

describe('transport', () => {
  it('is a fault by http, except on the same machine', async () => {
    const [found] = await diagnose('http://id.example.com', undefined, ['transport']);
    expect(found?.result).toBe('fault');
    for (const own of ['http://localhost:1', 'http://127.0.0.2:1', 'http://id.localhost:1']) {
      expect((await diagnose(own, undefined, ['transport']))[0]?.result).toBe('ok');
    }
  });

  it.each([
    ['max-age=31536000; includeSubDomains', 'ok'],
    ['max-age=60', 'fault'],
    ['', 'fault'],
  ])('by https with Strict-Transport-Security: %s is %s', async (value, result) => {
    const tls = await FaultyProxy.start(server.url, { tls: true });
    tls.plant = {
      answer: (answer) => ({ ...answer, headers: { ...answer.headers, 'strict-transport-security': value } }),
    };
    // Nobody knows who has signed the certificate.
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const args = ['doctor', tls.url, '--only', 'transport', '--json'];
    const { stdout } = await runProgram(program.operator, args, { env, cwd: '/' });
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'transport', result }]);
    await tls.stop();
  });
});
