import { Readable } from 'node:stream';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { readJsonLines } from '../../src/transfer/formats/json-lines.js';
import { type ExportedUser, UserExport } from '../../src/transfer/user-export.service.js';
import { User } from '../../src/users/user.entity.js';
import { tryLogin } from '../accounts/operations.js';
import { PASSWORD, signUp, signUpWithRoles } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { importFrom, importLines } from './import.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

async function exported(withHashes: boolean): Promise<ExportedUser[]> {
  const users: ExportedUser[] = [];
  for await (const user of server.app.get(UserExport).run({ withHashes })) users.push(user);
  return users;
}

const asFile = (users: readonly ExportedUser[]): Readable =>
  Readable.from(users.map((user) => Buffer.from(`${JSON.stringify(user)}\n`)));

it('has every account once, also beyond a batch, under the names that an import reads', async () => {
  await importLines(
    server,
    Array.from({ length: 2_100 }, (_, index) => ({ email: `${String(index)}@many.example.com`, externalId: index })),
  );
  const users = await exported(false);
  expect(users.length).toBe(await server.em().count(User));
  expect(new Set(users.map(({ email }) => email)).size).toBe(users.length);
  expect(users.find(({ externalId }) => externalId === '7')).toEqual({
    email: '7@many.example.com',
    roles: ['user'],
    emailVerified: false,
    createdAt: expect.any(String),
    externalId: '7',
    disabled: false,
  });
});

it('has hashes only for whom asks for them, and leaves an event that says which', async () => {
  const { email, id } = await signUp(server);
  const [without, withHash] = [await exported(false), await exported(true)].map((users) =>
    users.find((user) => user.email === email),
  );
  expect(without).not.toHaveProperty('passwordHash');
  expect(withHash).toMatchObject({ externalId: id, passwordHash: expect.stringMatching(/^\$bcrypt-sha256/) });
  const events = await server
    .em()
    .find(AuditEvent, { type: 'users.exported' }, { orderBy: { at: 'desc', id: 'desc' }, limit: 2 });
  expect(events.map(({ details }) => details)).toEqual([{ hashes: true }, { hashes: false }]);
});

it('is what an import makes the same accounts of, passwords included', async () => {
  const admin = await signUpWithRoles(server, 'admin');
  await server.em().nativeUpdate(User, admin.id, { name: 'Ada "the first", Lovelace', locale: 'de' });
  const before = await exported(true);
  await server.em().nativeDelete(User, {});
  const outcomes = await importFrom(server, { read: readJsonLines, file: asFile(before), unconfirmed: true });
  expect(outcomes.every(({ outcome }) => outcome === 'created')).toBe(true);
  expect(await exported(true)).toEqual(before);
  expect((await tryLogin(server, admin.email, PASSWORD)).data?.login.__typename).toBe('AuthPayload');
});
