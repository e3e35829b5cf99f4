import { hashesOf, importUser, tryLogin } from '../accounts/operations.js';
import { newEmail, PASSWORD, refresh, signUp, withAccounts } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { TestServer } from '../support/test-server.js';
import { areaUnderCurve, welch } from './support/statistics.js';
import { refreshTokenOf } from '../support/refresh-tokens.js';

/** Here a hash costs so much that a missing one would be seen. */
const COST = { TRUST_PROXY: 'loopback', BCRYPT_COST: '8' };
const MIN_ROUNDS = 20;
const MAX_ROUNDS = 100;

/** `ENUMERATION_SAMPLES=2000 npm test -- test/security/enumeration` on a quiet machine judges by the strict bounds. */
const STRICT_SAMPLES = Number(process.env['ENUMERATION_SAMPLES'] ?? 0);
const SAMPLES = STRICT_SAMPLES || 60;

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
  });

  it('in its time: a statistician can not tell the answers apart', async () => {
    const times = attempts.map(() => [] as number[]);
    for (let sample = 0; sample < SAMPLES; sample++) {
      for (const [index, [, email, password]] of attempts.entries()) {
        const start = performance.now();
        await tryLogin(server, email, password);
        times[index]?.push(performance.now() - start);
      }
    }
    const [known = [], ...others] = times;
    // With 60 samples chance alone moves the area by 0.05. Without the decoy hash it is 1.
    const [least, most] = STRICT_SAMPLES ? [0.48, 0.52] : [0.25, 0.75];
    for (const [index, other] of others.entries()) {
      const name = attempts[index + 1]?.[0];
      const area = areaUnderCurve(known, other);
      expect({ name, area, isAlike: area > least && area < most }).toEqual({ name, area, isAlike: true });
      if (STRICT_SAMPLES) expect(Math.abs(welch(known, other))).toBeLessThan(4.5);
    }
  }, 3_600_000);
});

describe('which sessions there are does not show', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { TRUST_PROXY: 'loopback' } });
  });
  afterAll(() => server.stop());

  it('a refresh token of no session, of another server and of nobody are refused alike', async () => {
    const { sessionId } = await signUp(server);
    const salt = 'A'.repeat(43);
    const tokens = [
      'garbage',
      `lkr_${'A'.repeat(71)}`,
      refreshTokenOf('another secret', { id: sessionId, refreshSalt: salt }, 0),
      refreshTokenOf(server.env.JWT_SECRET, { id: '01890000-0000-7000-8000-000000000000', refreshSalt: salt }, 0),
    ];
    const headers = { 'x-request-id': 'the-same-each-time' };
    const answers = await Promise.all(tokens.map((token) => refresh(server, token, { headers })));
    const plain = answers.map(({ text, status, headers: received }) => [
      status,
      text,
      [...received].filter(([name]) => name !== 'date'),
    ]);
    expect(plain).toEqual(tokens.map(() => plain[0]));
    expect(answers[0]?.errors[0]?.extensions.reason).toBe('REFRESH_TOKEN_INVALID');
  });
});
