import { existsSync } from 'node:fs';
import { MikroORM } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sqlite';
import Database from 'better-sqlite3';
import { newId } from '../../src/common/ids.js';
import { openDatabase } from '../../src/database/open-database.js';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { Role } from '../../src/roles/role.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { User } from '../../src/users/user.entity.js';
import { signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { testEnv } from '../support/test-env.js';
import { TestServer } from '../support/test-server.js';

let databaseUrl: string;
let server: TestServer;
beforeAll(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  server = await TestServer.start({ databaseUrl });
});
afterAll(async () => {
  await server.stop();
  await dropDatabase(databaseUrl);
});

describe('the migrations', () => {
  it('make exactly the schema that the entities describe', async () => {
    const changes = await server.app.get(MikroORM).schema.getUpdateSchemaSQL();
    // The triggers, and what users are searched and found by, are PostgreSQL's own, and no entity describes them.
    const indexes = 'users_search(_[a-z_]+)?|user_roles_role_name_index';
    const ignored = new RegExp(`^(|set names .*|drop (trigger|function) .*|drop index "(${indexes})";)$`);
    expect(changes.split('\n').filter((line) => !ignored.test(line))).toEqual([]);
  });

  it('have nothing to do a second time', async () => {
    const { migrator } = server.app.get(MikroORM);
    expect([await migrator.getPending(), await migrator.up()]).toEqual([[], []]);
  });

  it('bring the built-in roles', async () => {
    const roles = await server.em().find(Role, {}, { orderBy: { name: 'asc' } });
    expect(roles.map(({ name, builtIn, permissions }) => ({ name, builtIn, permissions }))).toEqual([
      { name: 'admin', builtIn: true, permissions: [] },
      { name: 'user', builtIn: true, permissions: [] },
    ]);
    expect(roles.map(({ createdAt }) => Math.abs(createdAt.getTime() - Date.now()) < 60_000)).toEqual([true, true]);
  });

  it('let the rows of a user go with the user', async () => {
    const { id } = await signUp(server);
    await server.em().nativeDelete(User, id);
    expect(await server.em().count(Session, { user: id })).toBe(0);
    expect(await server.em().getConnection().execute('select * from user_roles where user_id = ?', [id])).toEqual([]);
  });

  it('keep moments to the millisecond', async () => {
    const { id } = await signUp(server);
    const moment = new Date('2026-01-31T09:30:00.123Z');
    await server.em().nativeUpdate(User, id, { lastLoginAt: moment });
    expect((await server.em().findOneOrFail(User, id)).lastLoginAt).toEqual(moment);
  });
});

describe('the migration of addresses', () => {
  it('writes their domains in ASCII, and leaves what another account has', async () => {
    const url = await temporaryDatabaseUrl();
    const orm = await MikroORM.init(ormOptions(testEnv(url), entities));
    await orm.migrator.up({ to: '20261126180000-administration' });
    const em = orm.em.fork() as SqlEntityManager;
    const emails = ['ida@exämple.com', 'é@example.com', 'eve@exämple.com', 'eve@xn--exmple-cua.com'];
    const createdAt = new Date();
    await em.insertMany(
      User,
      emails.map((email) => ({ id: newId(), email, createdAt })),
    );
    const { id } = await em.findOneOrFail(User, { email: 'ida@exämple.com' });
    const moments = { createdAt, expiresAt: createdAt };
    await em.insert(OneTimeToken, {
      ...{ hash: 'h'.repeat(43), purpose: 'password_reset' as const, user: id, email: 'ida@exämple.com', ...moments },
    });
    await orm.migrator.up();
    const rows = await em.execute<{ email: string }[]>('select email from users order by id');
    expect(rows.map(({ email }) => email)).toEqual(['ida@xn--exmple-cua.com', ...emails.slice(1)]);
    expect(await em.execute('select email from one_time_tokens')).toEqual([{ email: 'ida@xn--exmple-cua.com' }]);
    await orm.close();
    await dropDatabase(url);
  });
});

describe('the migration of sessions', () => {
  it('tells those that began since the present password was chosen, and no others', async () => {
    const url = await temporaryDatabaseUrl();
    const orm = await MikroORM.init(ormOptions(testEnv(url), entities));
    await orm.migrator.up({ to: '20261130060000-mail-turns' });
    const em = orm.em.fork() as SqlEntityManager;
    const chosen = new Date('2026-01-31T09:30:00.123Z');
    const before = new Date(chosen.getTime() - 1);
    const session = async (passwordChangedAt: Date | null, createdAt: Date) => {
      const [id, user] = [newId(), newId()];
      await em.insert(User, { id: user, email: `${user}@example.com`, passwordChangedAt, createdAt: before });
      const moments = { createdAt, rotatedAt: createdAt, lastActiveAt: createdAt, expiresAt: createdAt };
      await em.insert(Session, { id, user, refreshSalt: 's'.repeat(43), authMethods: ['pwd'], ...moments });
      return id;
    };
    const ids = [await session(null, before), await session(chosen, before), await session(chosen, chosen)];
    await orm.migrator.up();
    const sessions = await orm.em.fork().find(Session, { id: { $in: ids } }, { orderBy: { id: 'asc' } });
    expect(sessions.map(({ passwordChangedAt }) => passwordChangedAt)).toEqual([null, null, chosen]);
    await orm.close();
    await dropDatabase(url);
  });
});

if (testEngine === 'postgres') {
  describe('a PostgreSQL with pending migrations', () => {
    it('stops the server, and the message names the command; after it the server starts', async () => {
      const url = await temporaryDatabaseUrl();
      const env = testEnv(url);
      await expect(openDatabase(env, entities)).rejects.toThrow('npm run db:migrate');
      const orm = await MikroORM.init(ormOptions(env, entities));
      expect(
        await orm.em.getConnection().execute("select 1 from information_schema.tables where table_name = 'users'"),
      ).toEqual([]);
      await orm.migrator.up();
      await orm.close();
      await (await openDatabase(env, entities)).close();
      await dropDatabase(url);
    });
  });
}

if (testEngine === 'sqlite') {
  const file = () => databaseUrl.slice('sqlite:'.length);

  describe('a file of SQLite', () => {
    it.each([
      { pragma: 'journal_mode', row: { journal_mode: 'wal' }, so: 'readers pass a writer' },
      { pragma: 'synchronous', row: { synchronous: 2 }, so: 'a commit survives a power loss' },
      { pragma: 'foreign_keys', row: { foreign_keys: 1 }, so: 'no row refers to nothing' },
      { pragma: 'busy_timeout', row: { timeout: 3000 }, so: 'a writer waits for another process' },
    ])('is opened so that $so ($pragma)', async ({ pragma, row }) => {
      expect(await server.em().getConnection().execute(`pragma ${pragma}`)).toEqual([row]);
    });

    it('is made with its folder, and migrated by the server itself', async () => {
      const url = `${databaseUrl}.d/nested/new.sqlite`;
      const orm = await openDatabase(testEnv(url), entities);
      expect(await orm.em.fork().count(Role)).toBe(2);
      await orm.close();
      expect(existsSync(url.slice('sqlite:'.length))).toBe(true);
    });

    it('a transaction has the write lock before its first statement', async () => {
      const other = new Database(file(), { timeout: 0 });
      await server.em().transactional(async (em) => {
        expect(() => other.exec('begin immediate')).toThrow('database is locked');
        expect(await em.count(Role)).toBe(2);
      });
      other.exec('begin immediate');
      other.close();
    });

    it('a transaction that reads and then writes is not failed by a write of another process in between', async () => {
      const { id } = await signUp(server);
      const other = new Database(file(), { timeout: 0 });
      await server.em().transactional(async (em) => {
        const user = await em.findOneOrFail(User, id);
        expect(() => other.exec("update users set name = 'other'")).toThrow('database is locked');
        user.name = 'ours';
      });
      other.close();
      expect((await server.em().findOneOrFail(User, id)).name).toBe('ours');
    });

    it('can be read while a transaction is open', async () => {
      const other = new Database(file(), { timeout: 0, readonly: true });
      await server.em().transactional(async (em) => {
        await em.nativeUpdate(Role, 'user', { description: 'changed' });
        expect(other.prepare("select description from roles where name = 'user'").pluck().get()).toBe(
          'Given to every new user.',
        );
      });
      expect(other.prepare("select description from roles where name = 'user'").pluck().get()).toBe('changed');
      other.close();
    });
  });
}
