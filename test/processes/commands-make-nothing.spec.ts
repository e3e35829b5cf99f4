import { MikroORM } from '@mikro-orm/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { User } from '../../src/users/user.entity.js';
import { PASSWORD } from '../support/accounts.js';
import { program, runProgram } from '../support/run-program.js';

/** Of somebody who can write to the table. */
const ROW = {
  algorithm: 'ES256',
  generation: 1_000,
  publicJwk: {},
  wrappedPrivateKey: 'x',
  createdAt: new Date(),
  activeFrom: new Date(),
} as const;

const newSecret = () => randomBytes(32).toString('base64url');

/** A command is run with whatever environment its shell has: what a server makes at its start is not made by it. */
describe('a command of the operator', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'latchkey-commands-'));
  const env = {
    NODE_ENV: 'test',
    BCRYPT_COST: '4',
    DATABASE_URL: `sqlite:${join(cwd, 'test.sqlite')}`,
    JWT_SECRET: newSecret(),
    ADMIN_EMAIL: 'admin@example.com',
    ADMIN_PASSWORD: 'a long bootstrap password',
  };
  const command = (line: string, secret = env.JWT_SECRET, input = '') =>
    runProgram(program.operator, line.split(' '), { env: { ...env, JWT_SECRET: secret }, cwd, input });
  const rows = async () => {
    const orm = await MikroORM.init(ormOptions(env, entities));
    const em = orm.em.fork();
    const found = { users: await em.count(User), keys: await em.count(SigningKey), chains: await em.count(AuditChain) };
    await orm.close();
    return found;
  };
  const trail = async () => (await command('audit verify')).stdout;
  afterAll(() => rmSync(cwd, { recursive: true }));

  const READING = ['keys list', 'role list', 'mail list', 'audit verify'];

  it.each(READING)('makes no administrator, no key and no chain of the audit trail: %s', async (line) => {
    expect(await command(line, newSecret())).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await rows()).toEqual({ users: 0, keys: 0, chains: 0 });
  });

  it('finds a trail without a fault in a database that only commands of another secret have looked into', async () => {
    expect(await trail()).toBe('0 event(s) in the chain, 0 not in it yet. Nothing was changed.\n');
  });

  it('makes a key where it is asked for one, and begins the chain that records it', async () => {
    expect(await command('keys rotate')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await rows()).toEqual({ users: 0, keys: 1, chains: 1 });
  });

  it.each(['keys list', 'keys rotate', 'keys revoke KID'])(
    'does nothing where its secret opens no key: %s',
    async (line) => {
      const [key] = JSON.parse((await command('keys list --json')).stdout) as { kid: string }[];
      expect(await command(line.replace('KID', key?.kid ?? ''), newSecret())).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining('No configured secret opens a signing key of this database'),
      });
      expect((await command('keys list')).stdout).toMatch(new RegExp(`^${key?.kid ?? ''}  ES256  published .*\\n$`));
    },
  );

  it('has begun a chain that took the place of no other', async () => {
    expect(await trail()).toMatch(/^0 event\(s\) in the chain, 1 not in it yet\. Nothing was changed\.$/m);
  });

  it('makes an account where it is asked for one', async () => {
    expect(await command('user create ada@example.com', env.JWT_SECRET, PASSWORD)).toMatchObject({ exitCode: 0 });
    expect(await rows()).toEqual({ users: 1, keys: 1, chains: 1 });
  });

  // What another secret signs, the chain never takes in: a fault that would be shown for ever.
  it.each([
    'mail retry',
    'role grant ada@example.com admin',
    'role withdraw ada@example.com user',
    'user create grace@example.com',
    'user delete ada@example.com',
    'user disable ada@example.com',
    'user enable ada@example.com',
    'user password-reset-link ada@example.com',
    'user roles ada@example.com admin',
    'user sessions ada@example.com --end',
    'user verify ada@example.com',
    'users:export users.jsonl',
    'users:import - --format json-lines',
  ])('changes nothing where its secret is not the one of the servers: %s', async (line) => {
    const before = await trail();
    const input = line.startsWith('users:import') ? '{"email":"grace@example.com"}' : PASSWORD;
    expect(await command(line, newSecret(), input)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/No configured secret opens .* of this database: .* Nothing was done\.\n$/),
    });
    expect([await rows(), await trail()]).toEqual([{ users: 1, keys: 1, chains: 1 }, before]);
  });

  it.each(['role list', 'role list --json'])('shows what a row holds as text: %s', async (line) => {
    const kid = 'k\u001b]0;owned\u0007\nNothing was changed.\u202e';
    const orm = await MikroORM.init(ormOptions(env, entities));
    await orm.em.fork().insert(SigningKey, { ...ROW, kid });
    await orm.close();
    const { exitCode, stderr } = await command(line);
    expect([exitCode, stderr.match(/[^\P{Cc}\n]|\p{Bidi_Control}/gu)]).toEqual([0, null]);
    // One line, and no other that the row has written.
    expect(stderr).toMatch(/^[^\n]*Signing key k[^\n]*\]0;owned[^\n]* cannot be opened: [^\n]+\n$/);
    const again = await MikroORM.init(ormOptions(env, entities));
    await again.em.fork().nativeDelete(SigningKey, { kid });
    await again.close();
  });

  it('changes nothing either where there is no key, and a chain that its secret does not open', async () => {
    const own = { ...env, DATABASE_URL: `sqlite:${join(cwd, 'shared-secret.sqlite')}`, JWT_ALGORITHM: 'HS256' };
    const create = (email: string, JWT_SECRET: string) =>
      runProgram(program.operator, ['user', 'create', email], { env: { ...own, JWT_SECRET }, cwd, input: PASSWORD });
    expect(await create('ada@example.com', own.JWT_SECRET)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await create('grace@example.com', newSecret())).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'No configured secret opens the audit trail of this database: is JWT_SECRET the one of the servers? Nothing was done.\n',
    });
  });
});
