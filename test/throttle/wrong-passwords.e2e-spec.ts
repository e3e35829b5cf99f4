import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { WRONG_PASSWORDS } from '../../src/throttle/limits.js';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { LimiterTime } from '../support/limiter-time.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { user { id } } } }';
const { account, address } = WRONG_PASSWORDS;

let server: TestServer;
let time: LimiterTime;
beforeAll(async () => {
  // One hop: the right-most entry of X-Forwarded-For is the client.
  server = await TestServer.start({ redis: false, env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1' } });
});
beforeEach(() => {
  time = new LimiterTime();
});
afterEach(() => time.restore());
afterAll(() => server.stop());

let networks = 0;
/** An address that nobody has used before. */
const newAddress = (): string => `203.0.${String(networks >> 8)}.${String(networks++ & 255)}`;

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });

const attempt = (ip: string, email: string, password = 'not the password'): Promise<GraphQLAnswer> =>
  server.call(LOGIN, { input: { email, password } }, from(ip));

/** One after the other: what each was told. */
async function guesses(count: number, ip: string, emailOf: (index: number) => string): Promise<GraphQLAnswer[]> {
  const answers = [];
  for (let index = 0; index < count; index++) answers.push(await attempt(ip, emailOf(index)));
  return answers;
}

const codes = (answers: GraphQLAnswer[]) => answers.map(refusalOf);
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

async function owner(): Promise<{ email: string; logsInFrom: (ip: string) => Promise<string | undefined> }> {
  const { email } = await signUp(server);
  const logsInFrom = async (ip: string) => {
    const answer = await attempt(ip, email, PASSWORD);
    return answer.data ? 'in' : refusalOf(answer);
  };
  return { email, logsInFrom };
}

describe('wrong passwords for one account from one address', () => {
  /** @see nestjs/throttler#2382 */
  it('are answered as wrong at first, then refused, and other operations still work', async () => {
    const ip = newAddress();
    const { email } = await owner();
    const answers = await guesses(30, ip, () => email);
    expect(codes(answers)).toEqual([
      ...times(account.atOnce, 'INVALID_CREDENTIALS'),
      ...times(30 - account.atOnce, 'TOO_MANY_REQUESTS'),
    ]);
    expect(answers.at(-1)?.errors).toEqual([
      {
        message: 'Too many attempts (limit: wrong passwords). Wait for 1 s.',
        path: ['login'],
        locations: expect.any(Array),
        extensions: {
          code: 'TOO_MANY_REQUESTS',
          action: 'RETRY',
          retryAfter: 1,
          requestId: answers.at(-1)?.headers.get('x-request-id'),
        },
      },
    ]);
    expect((await server.call('{ serverInfo { version } }', {}, from(ip))).errors).toEqual([]);
  });

  it('wait twice as long each time, from one second to one hour, and failures meanwhile prolong nothing', async () => {
    const ip = newAddress();
    const { email } = await owner();
    await guesses(account.atOnce, ip, () => email);
    const waits = [];
    for (let step = 0; step < 14; step++) {
      const [refused, again] = await guesses(2, ip, () => email);
      const wait = refused?.errors[0]?.extensions.retryAfter ?? 0;
      waits.push(wait);
      expect(again?.errors[0]?.extensions.retryAfter).toBeLessThanOrEqual(wait);
      time.advance(wait);
      expect(refusalOf(await attempt(ip, email))).toBe('INVALID_CREDENTIALS');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
  });

  it('are forgotten with a right one', async () => {
    const ip = newAddress();
    const { email, logsInFrom } = await owner();
    await guesses(account.atOnce - 1, ip, () => email);
    expect(await logsInFrom(ip)).toBe('in');
    expect(codes(await guesses(account.atOnce, ip, () => email))).toEqual(times(account.atOnce, 'INVALID_CREDENTIALS'));
  });

  it('are forgotten after a day', async () => {
    const ip = newAddress();
    const { email } = await owner();
    expect(codes(await guesses(account.atOnce + 1, ip, () => email)).at(-1)).toBe('TOO_MANY_REQUESTS');
    time.advance(account.memory + account.longestDelay);
    expect(codes(await guesses(account.atOnce, ip, () => email))).toEqual(times(account.atOnce, 'INVALID_CREDENTIALS'));
  });

  it('are refused for an unknown account exactly as for a known one', async () => {
    const { email } = await owner();
    const [known, unknown] = [await transcript(email), await transcript(newEmail())];
    expect(unknown).toEqual(known);
  });

  it('the refusal of a right password says nothing of its being right', async () => {
    const ip = newAddress();
    const { email } = await owner();
    await guesses(account.atOnce, ip, () => email);
    const right = await attempt(ip, email, PASSWORD);
    const wrong = await attempt(ip, email);
    expect(errorsOf(right)).toEqual(errorsOf(wrong));
    expect(right.data).toBeNull();
  });
});

const errorsOf = ({ errors }: GraphQLAnswer) =>
  errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId: '' } }));

async function transcript(email: string): Promise<unknown[]> {
  const answers = await guesses(account.atOnce + 2, newAddress(), () => email);
  return answers.map((answer) => [answer.status, answer.data, errorsOf(answer)]);
}

describe('many guesses at once', () => {
  /** @see nestjs/throttler#1136 */
  it('500 wrong passwords over 50 connections get no more checks than the limit', async () => {
    const ip = newAddress();
    const { email, logsInFrom } = await owner();
    const started = Date.now();
    const answers: GraphQLAnswer[] = [];
    const connection = async () => answers.push(...(await guesses(10, ip, () => email)));
    const flood = Promise.all(Array.from({ length: 50 }, connection));
    // Meanwhile, elsewhere: the owner.
    expect(await logsInFrom(newAddress())).toBe('in');
    await flood;
    const checked = codes(answers).filter((code) => code === 'INVALID_CREDENTIALS').length;
    // The gate opens after 1 s, 2 s, 4 s …: that much time has passed, if any.
    const openings = Math.floor(Math.log2((Date.now() - started) / 1000 + 1));
    expect(checked).toBeGreaterThanOrEqual(account.atOnce);
    expect(checked).toBeLessThanOrEqual(account.atOnce + openings);
    expect(codes(answers).filter((code) => code === 'TOO_MANY_REQUESTS').length).toBe(500 - checked);
    const failed = await server.em().count(AuditEvent, { type: 'user.login_failed', ipAddress: ip });
    expect(failed).toBe(checked);
  });

  it('10 right passwords at once are all let in', async () => {
    const { logsInFrom } = await owner();
    const ip = newAddress();
    expect(await Promise.all(Array.from({ length: 10 }, () => logsInFrom(ip)))).toEqual(times(10, 'in'));
  });

  it('guesses at many accounts slow their address down, and no other', async () => {
    const ip = newAddress();
    const { logsInFrom } = await owner();
    const answers = await guesses(address.atOnce + 2, ip, newEmail);
    expect(codes(answers)).toEqual([...times(address.atOnce, 'INVALID_CREDENTIALS'), ...times(2, 'TOO_MANY_REQUESTS')]);
    expect(answers.at(-1)?.errors[0]?.message).toMatch(/wrong passwords of this address/);
    expect(await logsInFrom(ip)).toBe('TOO_MANY_REQUESTS');
    expect(await logsInFrom(newAddress())).toBe('in');
    time.advance(1);
    expect(await logsInFrom(ip)).toBe('in');
  });
});

describe('the account of a victim', () => {
  /** @see Devlaner/devlane#386 */
  it('stays open to its owner at every other address, whatever a stranger does', async () => {
    const { email, logsInFrom } = await owner();
    const stranger = newAddress();
    await guesses(100, stranger, () => email);
    expect(await logsInFrom(stranger)).toBe('TOO_MANY_REQUESTS');
    for (let visit = 0; visit < 3; visit++) expect(await logsInFrom(newAddress())).toBe('in');
  });

  it('that is guessed at and refused counts for it alone: others at the address of the stranger get in', async () => {
    const { email } = await owner();
    const stranger = newAddress();
    const answers = await guesses(account.atOnce + address.atOnce + 10, stranger, () => email);
    expect(codes(answers).filter((code) => code === 'TOO_MANY_REQUESTS').length).toBeGreaterThan(address.atOnce);
    const neighbour = await owner();
    expect(await neighbour.logsInFrom(stranger)).toBe('in');
  });

  it('the owner who signs in elsewhere opens nothing for the stranger', async () => {
    const { email, logsInFrom } = await owner();
    const stranger = newAddress();
    await guesses(account.atOnce, stranger, () => email);
    expect(await logsInFrom(newAddress())).toBe('in');
    expect(refusalOf(await attempt(stranger, email))).toBe('TOO_MANY_REQUESTS');
  });
});

it('a login that works is not slowed down by its number', async () => {
  const { logsInFrom } = await owner();
  const ip = newAddress();
  for (let visit = 0; visit < address.atOnce + 10; visit++) expect(await logsInFrom(ip)).toBe('in');
});
