import { MikroORM } from '@mikro-orm/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { User } from '../../src/users/user.entity.js';
import { program, runProgram } from '../support/run-program.js';

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
  const command = (line: string, secret = env.JWT_SECRET) =>
    runProgram(program.operator, line.split(' '), { env: { ...env, JWT_SECRET: secret }, cwd });
  const rows = async () => {
    const orm = await MikroORM.init(ormOptions(env, entities));
    const found = { users: await orm.em.fork().count(User), keys: await orm.em.fork().count(SigningKey) };
    await orm.close();
    return found;
  };
  afterAll(() => rmSync(cwd, { recursive: true }));

  it.each(['keys list', 'role list', 'audit verify'])('makes no administrator and no key: %s', async (line) => {
    await command(line);
    expect(await rows()).toEqual({ users: 0, keys: 0 });
  });

  it('makes a key where it is asked for one', async () => {
    expect(await command('keys rotate')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await rows()).toEqual({ users: 0, keys: 1 });
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
});
