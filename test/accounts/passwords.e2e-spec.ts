import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { User } from '../../src/users/user.entity.js';
import { BCRYPT_SHA256_V1, BCRYPT_SHA256_V2, PLAIN_BCRYPT, UNREADABLE_HASHES } from '../passwords/published-hashes.js';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { fieldsOf, hashesOf, importUser, tryLogin, trySignup } from './operations.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const storedHash = async (id: string) =>
  (await server.em().findOneOrFail(User, id, { populate: ['passwordHash'] })).passwordHash;

/** @see bcrypt-ruby/bcrypt-ruby#283, jeremyevans/rodauth#4: bcrypt alone stops at 72 bytes and at NUL. */
describe('every character of a password counts', () => {
  it.each([
    ['the 73rd byte', `${'a'.repeat(72)}X`, `${'a'.repeat(72)}Y`],
    ['the 73rd byte being there', 'a'.repeat(72), `${'a'.repeat(72)}a`],
    ['the 19th emoji being there', '😀'.repeat(18), '😀'.repeat(19)],
    ['the 19th emoji', `${'😀'.repeat(18)}😀`, `${'😀'.repeat(18)}😁`],
    ['what follows NUL', 'before the end\0A', 'before the end\0B'],
    ['the 1024th character', `${'ab'.repeat(511)}aX`, `${'ab'.repeat(511)}aY`],
    ['letter case', 'Correct Horse Battery', 'correct horse battery'],
    ['a blank at the end', 'correct horse battery ', 'correct horse battery'],
  ])('%s', async (_, password, other) => {
    const { email } = await signUp(server, newEmail(), password);
    expect((await tryLogin(server, email, password)).data?.login.__typename).toBe('AuthPayload');
    expect(refusalOf(await tryLogin(server, email, other))).toBe('INVALID_CREDENTIALS');
  });

  it('but a letter may be typed composed or decomposed', async () => {
    const { email } = await signUp(server, newEmail(), 'un caf\u00e9 cr\u00e8me');
    expect((await tryLogin(server, email, 'un cafe\u0301 cre\u0300me')).data?.login.__typename).toBe('AuthPayload');
  });
});

/** @see kelektiv/node.bcrypt.js#849 */
describe('the hash of an imported user', () => {
  const known = [...PLAIN_BCRYPT, ...BCRYPT_SHA256_V1, ...BCRYPT_SHA256_V2].filter(([password]) => password !== '');

  it.each(known)('of %j signs in and is replaced by one of ours: %s', async (password, hash) => {
    const user = await importUser(server, hash);
    expect(refusalOf(await tryLogin(server, user.email, `${password.slice(1)}!`))).toBe('INVALID_CREDENTIALS');
    expect(await storedHash(user.id)).toBe(hash);

    expect((await tryLogin(server, user.email, password)).data?.login.user?.id).toBe(user.id);
    expect(await storedHash(user.id)).toMatch(/^\$bcrypt-sha256\$v=2,t=2b,r=4\$/);
    expect((await tryLogin(server, user.email, password)).data?.login.user?.id).toBe(user.id);
    expect(refusalOf(await tryLogin(server, user.email, `${password.slice(1)}!`))).toBe('INVALID_CREDENTIALS');
  });

  it('of our own scheme and cost stays as it is', async () => {
    const { id, email } = await signUp(server);
    const before = await storedHash(id);
    await tryLogin(server, email);
    expect(await storedHash(id)).toBe(before);
  });

  it.each([null, ...UNREADABLE_HASHES])('that can not be read is a wrong password, not a fault: %j', async (hash) => {
    const { id, email } = await importUser(server, hash);
    for (const password of [PASSWORD, 'password', 'null', hash || 'undefined']) {
      const answer = await tryLogin(server, email, password);
      expect([answer.status, refusalOf(answer)]).toEqual([200, 'INVALID_CREDENTIALS']);
    }
    expect(await storedHash(id)).toBe(hash);
  });
});

/** @see kelektiv/node.bcrypt.js#823, #903 */
describe('a password that is none', () => {
  it.each([null, 12345678, true, [], ['correct horse battery staple'], {}, { $ne: null }])(
    '%j is refused by login and signup with 400, and not repeated',
    async (password) => {
      const { email } = await signUp(server);
      for (const answer of [await tryLogin(server, email, password), await trySignup(server, { password })]) {
        expect([answer.status, refusalOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
        expect(fieldsOf(answer)).toEqual([{ path: 'input.password', message: expect.any(String) }]);
        expect(answer.text).not.toMatch(/12345678|horse|\$ne/);
      }
    },
  );

  it.each(['null', '12345678', '["correct horse"]', '{ a: 1 }'])(
    '%s written out is refused with 400, and not repeated',
    async (literal) => {
      const query = `mutation { login(input: { email: "ann@example.com", password: ${literal} }) { __typename } }`;
      const answer = await server.call(query);
      expect([answer.status, refusalOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
      expect(answer.text).not.toMatch(/12345678|horse/);
    },
  );

  it('an absent one is refused with 400', async () => {
    const answer = await server.call('mutation ($input: LoginInput!) { login(input: $input) { __typename } }', {
      input: { email: 'ann@example.com' },
    });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, [{ path: 'input.password', message: 'is required' }]]);
  });

  it('an empty one is refused, naming the field', async () => {
    const answer = await tryLogin(server, newEmail(), '');
    expect([refusalOf(answer), fieldsOf(answer)]).toEqual([
      'BAD_USER_INPUT',
      [{ path: 'input.password', message: 'must not be empty' }],
    ]);
  });
});

/** @see better-auth/better-auth#8899, OWASP/ASVS#1923 */
describe('a very long password', () => {
  const login = (password: string) => tryLogin(server, 'ann@example.com', password);
  const signup = (password: string) => trySignup(server, { password });

  it.each([
    ['login', '1025 characters', login, 1025, 200, 'BAD_USER_INPUT'],
    ['signup', '1025 characters', signup, 1025, 200, 'BAD_USER_INPUT/WEAK_PASSWORD'],
    ['login', '90 kB', login, 90_000, 400, 'BAD_USER_INPUT'],
    ['signup', '90 kB', signup, 90_000, 400, 'BAD_USER_INPUT'],
    ['login', '5 MB', login, 5_000_000, 413, 'BAD_REQUEST'],
    ['signup', '5 MB', signup, 5_000_000, 413, 'BAD_REQUEST'],
  ] as const)('%s refuses one of %s before it costs a hash', async (_, _size, send, length, status, refusal) => {
    const users = await server.em().count(User);
    const hashes = await hashesOf(server, async () => {
      const answer = await send('x'.repeat(length));
      expect([answer.status, refusalOf(answer)]).toEqual([status, refusal]);
      expect(answer.text.length).toBeLessThan(500);
    });
    expect(hashes).toBe(0);
    expect(await server.em().count(User)).toBe(users);
  });

  it('is not kept: 20 bodies of 5 MB at once leave the memory as it was', async () => {
    const body = Buffer.from(
      JSON.stringify({ query: '{ __typename }', variables: { password: 'x'.repeat(5_000_000) } }),
    );
    const before = process.memoryUsage().rss;
    const statuses = await Promise.all(Array.from({ length: 20 }, () => post(body)));
    await delay(50);
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 413));
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(60);
  });
});

/** Sends the buffer as it is: `fetch` would copy it, and the copies would be what is measured. */
function post(body: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const outgoing = request(`${server.url}/graphql`, { method: 'POST', headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
