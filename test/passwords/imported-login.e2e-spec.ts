import { createHash } from 'node:crypto';
import { User } from '../../src/users/user.entity.js';
import { tryLogin } from '../accounts/operations.js';
import { signUp } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const OLD = 'an old password';
const HASHES = [
  ['salted SHA-256', `$sha256$salt-first$c2FsdA==$${createHash('sha256').update(`salt${OLD}`).digest('base64')}`],
  // Too costly to be tried: as if there were none.
  [
    'argon2 beyond the bounds',
    '$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ],
] as const;

async function withHash(hash: string): Promise<User> {
  const { id } = await signUp(server);
  await server.em().nativeUpdate(User, id, { passwordHash: hash });
  return server.em().findOneOrFail(User, id);
}

const hashOf = async (id: string) =>
  (await server.em().findOneOrFail(User, id, { populate: ['passwordHash'] })).passwordHash;

it('an imported user signs in with the old password, and is hashed in our scheme from then on', async () => {
  const user = await withHash(HASHES[0][1]);
  expect(refusalOf(await tryLogin(server, user.email, 'another'))).toBe('INVALID_CREDENTIALS');
  expect(await hashOf(user.id)).toBe(HASHES[0][1]);
  expect((await tryLogin(server, user.email, OLD)).data?.login.__typename).toBe('AuthPayload');
  expect(await hashOf(user.id)).toMatch(/^\$bcrypt-sha256\$v=2/);
  expect((await tryLogin(server, user.email, OLD)).data?.login.__typename).toBe('AuthPayload');
});

it('a hash that costs too much lets nobody in, and breaks nothing', async () => {
  const user = await withHash(HASHES[1][1]);
  expect(refusalOf(await tryLogin(server, user.email, 'password'))).toBe('INVALID_CREDENTIALS');
});
