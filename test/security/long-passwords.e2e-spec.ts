import { jest } from '@jest/globals';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { PASSWORD_MAX_LENGTH } from '../../src/passwords/password-policy.js';
import { newEmail } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const post = async (operation: 'login' | 'signup', password: string) => {
  const type = operation === 'login' ? 'LoginInput' : 'SignupInput';
  const query = `mutation ($input: ${type}!) { ${operation}(input: $input) { __typename } }`;
  const body = JSON.stringify({ query, variables: { input: { email: newEmail(), password } } });
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const { errors = [] } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return [response.status, ...errors.map(({ extensions }) => extensions.code)];
};

/** @see better-auth/better-auth#8899, iftechfoundation/ifdb#303 */
describe('a very long password', () => {
  it.each([
    ['login', PASSWORD_MAX_LENGTH + 1, [200, 'BAD_USER_INPUT']],
    ['signup', PASSWORD_MAX_LENGTH + 1, [200, 'BAD_USER_INPUT']],
    ['login', 100_000, [200, 'BAD_USER_INPUT']],
    ['signup', 100_000, [200, 'BAD_USER_INPUT']],
    ['login', 5_000_000, [413, 'BAD_REQUEST']],
    ['signup', 5_000_000, [413, 'BAD_REQUEST']],
  ] as const)('at %s of %d characters is refused before it is hashed', async (operation, length, expected) => {
    const hashing = jest.spyOn(HashingQueue.prototype, 'run');
    expect(await post(operation, 'x'.repeat(length))).toEqual(expected);
    expect(hashing).not.toHaveBeenCalled();
    hashing.mockRestore();
  });

  it('twenty times at once does not stay in memory', async () => {
    const password = 'x'.repeat(5_000_000);
    const twenty = () => Promise.all(Array.from({ length: 20 }, () => post('login', password)));
    // The first time fills the buffers of this side of the connections, too.
    await twenty();
    const before = process.memoryUsage().rss;
    expect(await twenty()).toEqual(new Array(20).fill([413, 'BAD_REQUEST']));
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });
});
