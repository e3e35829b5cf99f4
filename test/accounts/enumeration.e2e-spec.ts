import { newEmail, PASSWORD, signUp, withAccounts } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { TestServer } from '../support/test-server.js';
import { hashesOf, importUser, tryLogin } from './operations.js';

/** Here a hash costs so much that a missing one would be seen. */
const COST = { BCRYPT_COST: '8' };
const MIN_ROUNDS = 20;
const MAX_ROUNDS = 100;

/** @see square/keywhiz#374, intrafind/ihub-apps#1809 */
describe('who has an account does not show', () => {
  let server: TestServer;
  let attempts: [name: string, email: string, password: string][];
  beforeAll(async () => {
    server = await TestServer.start({ env: COST });
    const known = await signUp(server);
    const disabled = await signUp(server);
    await withAccounts(server, (accounts) => accounts.disable(disabled.email, 'left the company'));
    const withoutPassword = await importUser(server, null);
    const unreadable = await importUser(server, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$x');
    attempts = [
      ['a wrong password', known.email, 'wrong password'],
      ['an unknown address', newEmail(), PASSWORD],
      ['a disabled account and its password', disabled.email, PASSWORD],
      ['a disabled account and a wrong password', disabled.email, 'wrong password'],
      ['an account without a password', withoutPassword.email, PASSWORD],
      ['an account with a hash of another scheme', unreadable.email, PASSWORD],
    ];
  });
  afterAll(() => server.stop());

  it('in any part of the answer but the date', async () => {
    const requestId = 'the-same-each-time';
    const answers: (Omit<GraphQLAnswer, 'headers'> & { headers: string[][] })[] = [];
    for (const [, email, password] of attempts) {
      const answer = await tryLogin(server, email, password, { headers: { 'x-request-id': requestId } });
      answers.push({ ...answer, headers: [...answer.headers].filter(([name]) => name !== 'date') });
    }
    expect(answers).toEqual(attempts.map(() => answers[0]));
    expect(JSON.parse(answers[0]?.text ?? '')).toEqual({
      errors: [
        {
          message: 'E-mail or password is wrong.',
          path: ['login'],
          locations: expect.any(Array),
          extensions: { code: 'INVALID_CREDENTIALS', action: 'FIX_INPUT', requestId },
        },
      ],
      data: null,
    });
  });

  it('in its work: every refusal costs one hash', async () => {
    for (const [name, email, password] of attempts) {
      expect([name, await hashesOf(server, () => tryLogin(server, email, password))]).toEqual([name, 1]);
    }
  });

  it('in its time: the answers differ by less than 25 %', async () => {
    // Other work on the machine only ever adds time, so the fastest answer of each kind is the truest, and more rounds
    // bring those of the same cost together. Those of another cost they never do.
    const fastest = attempts.map(() => Infinity);
    const spread = () => Math.max(...fastest) / Math.min(...fastest);
    for (let round = 0; round < MAX_ROUNDS && !(round >= MIN_ROUNDS && spread() < 1.25); round++) {
      for (const [index, [, email, password]] of attempts.entries()) {
        const start = performance.now();
        await tryLogin(server, email, password);
        fastest[index] = Math.min(fastest[index] ?? Infinity, performance.now() - start);
      }
    }
    expect(spread()).toBeLessThan(1.25);
  }, 60_000);
});
