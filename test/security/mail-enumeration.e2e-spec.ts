import { Mail } from '../../src/mail/mail.entity.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { PACE_MS } from '../../src/mail/mail-sender.js';
import { ask, LifecycleServer } from '../lifecycle/operations.js';
import { newEmail, signUp, withAccounts } from '../support/accounts.js';
import type { CallOptions, GraphQLAnswer } from '../support/graphql-client.js';
import { eventually } from '../support/eventually.js';
import { statementsOf } from '../support/statements.js';
import { areaUnderCurve, welch } from './support/statistics.js';

/** `ENUMERATION_SAMPLES=2000 npm test -- test/security/mail-enumeration` on a quiet machine judges by the strict bounds. */
const STRICT_SAMPLES = Number(process.env['ENUMERATION_SAMPLES'] ?? 0);
const SAMPLES = STRICT_SAMPLES || 80;

type Request = (email: string, options?: CallOptions) => Promise<GraphQLAnswer>;

let life: LifecycleServer;
let addresses: [name: string, email: string][];
let requests: [name: string, request: Request][];
beforeAll(async () => {
  life = await LifecycleServer.start({
    env: { REQUIRE_EMAIL_VERIFICATION: 'true', BCRYPT_COST: '8', TRUST_PROXY: 'loopback' },
  });
  const { server } = life;
  const [known, verified, disabled] = [newEmail(), newEmail(), newEmail()];
  for (const email of [known, verified, disabled]) await trySignup(server, { email });
  await withAccounts(server, (accounts) => accounts.markEmailVerified(verified));
  await withAccounts(server, (accounts) => accounts.disable(disabled, null));
  addresses = [
    ['an account', known],
    ['a confirmed account', verified],
    ['a disabled account', disabled],
    ['nobody', newEmail()],
  ];
  requests = [
    ['requestEmailVerification', (email, options) => ask.verification(server, email, options)],
    ['requestPasswordReset', (email, options) => ask.reset(server, email, options)],
    ['requestMagicLink', (email, options) => ask.magicLink(server, email, options)],
  ];
});
afterAll(() => life.stop());

/** How long the answers take for an address that has an account, and for one without: in turns, and each of the two first. */
async function timesOf(known: string, unknown: () => string, request: Request): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const pair: [number, string][] = [
      [0, known],
      [1, unknown()],
    ];
    for (const [index, email] of sample % 2 ? pair : pair.reverse()) {
      const start = performance.now();
      await request(email);
      times[index]?.push(performance.now() - start);
    }
    // Nothing is sent here: the outbox would grow as it never does.
    if (sample % 50 === 49) await life.server.em().nativeDelete(Mail, {});
  }
  return times;
}

describe('who has an account does not show in a request for a link', () => {
  it('in any part of the answer but the date', async () => {
    for (const [name, request] of requests) {
      const answers: unknown[][] = [];
      for (const [, email] of addresses) {
        const { status, text, headers } = await request(email, { headers: { 'x-request-id': 'the-same-each-time' } });
        answers.push([status, text, [...headers].filter(([header]) => header !== 'date')]);
      }
      expect([name, ...answers]).toEqual([name, ...addresses.map(() => answers[0])]);
      expect(answers[0]?.slice(0, 2)).toEqual([200, `{"data":{"${name}":true}}\n`]);
    }
  });

  it('in its work: the same statements, and one row that waits for whoever sends it', async () => {
    for (const [name, request] of requests) {
      const work: unknown[][] = [];
      for (const [, email] of addresses) {
        const before = await life.server.em().count(Mail);
        const statements = await statementsOf(life.server, () => request(email));
        // The values are not the statement.
        work.push([
          statements.map((sql) => sql.replace(/values .*/, 'values')),
          (await life.server.em().count(Mail)) - before,
        ]);
      }
      expect([name, ...work]).toEqual([name, ...addresses.map(() => work[0])]);
      expect(work[0]?.[1]).toBe(1);
    }
  });

  it('in its time: a statistician can not tell the answers apart', async () => {
    const known = addresses[0]?.[1] ?? '';
    // Each of the two is asked for as often as the other: what differs is the account.
    const unknown = newEmail();
    for (const [name, request] of requests) {
      const times = await timesOf(known, () => unknown, request);
      const area = areaUnderCurve(...times);
      const [least, most] = STRICT_SAMPLES ? [0.48, 0.52] : [0.3, 0.7];
      expect({ name, area, isAlike: area > least && area < most }).toEqual({ name, area, isAlike: true });
      if (STRICT_SAMPLES) expect(Math.abs(welch(...times))).toBeLessThan(4.5);
    }
  }, 3_600_000);
});

describe('who has an account does not show in a sign-up with REQUIRE_EMAIL_VERIFICATION', () => {
  it('in its time, in which one hash is more than all else', async () => {
    const times = await timesOf(addresses[1]?.[1] ?? '', newEmail, (email) => trySignup(life.server, { email }));
    // A new account is a few rows more than a taken one. Without the hash of the latter the area is 0.
    const area = areaUnderCurve(...times);
    expect({ area, isAlike: area > 0.25 && area < 0.75 }).toEqual({ area, isAlike: true });
  }, 3_600_000);
});

/**
 * Whoever signs up with an address knows the password of the account that this makes, if it makes one: what they learn is
 * whether they may use it.
 */
describe('who has an account does not show in a sign-up and what follows it, with REQUIRE_EMAIL_VERIFICATION', () => {
  const password = 'the phrase of a stranger';
  const headers = { 'x-request-id': 'the-same-each-time' };
  type Step = [name: string, call: (email: string) => Promise<GraphQLAnswer>];
  const steps: Step[] = [
    ['signup', (email) => trySignup(life.server, { email, password })],
    ['login', (email) => tryLogin(life.server, email, password, { headers })],
    ['requestEmailVerification', (email) => ask.verification(life.server, email, { headers })],
    ['requestMagicLink', (email) => ask.magicLink(life.server, email, { headers })],
    ['login once more', (email) => tryLogin(life.server, email, password, { headers })],
    ['signup once more', (email) => trySignup(life.server, { email, password })],
  ];
  /** But for what is another each time: the date, the address itself and the values of cookies. */
  const shape = (email: string, { status, text, headers: received }: GraphQLAnswer) => [
    status,
    text.replaceAll(email, 'ADDRESS').replace(/"requestId":"[^"]*"/, ''),
    [...received]
      .filter(([name]) => !['date', 'x-request-id', 'content-length', 'etag'].includes(name))
      .map(([name, value]) => [name, value.replace(/=[^;]*;/, '=;').replace(/Expires=[^;]*/, '')]),
  ];

  it('in any part of an answer', async () => {
    const seen: unknown[][] = [];
    for (const [, email] of addresses) {
      const answers = [];
      for (const [name, call] of steps) answers.push([name, shape(email, await call(email))]);
      seen.push(answers);
    }
    for (const answers of seen) expect(answers).toEqual(seen[0]);
  });

  it('in the work of a login: the same statements, and one mail that waits', async () => {
    const work: unknown[][] = [];
    for (const [, email] of addresses) {
      await trySignup(life.server, { email, password });
      const before = await life.server.em().count(Mail);
      const statements = await statementsOf(life.server, () => tryLogin(life.server, email, password));
      work.push([
        statements.map((sql) => sql.replace(/values .*/, 'values').replace(/'[^']*'/g, '?')),
        (await life.server.em().count(Mail)) - before,
      ]);
    }
    for (const each of work) expect(each).toEqual(work[0]);
    expect(work[0]?.[1]).toBe(1);
  });
});

describe('who has an account does not show in a mail of somebody else that waits behind theirs', () => {
  const ASKED = 12;
  let sending: LifecycleServer;
  beforeAll(async () => {
    sending = await LifecycleServer.start({ env: { JOBS_ENABLED: 'true', TRUST_PROXY: 'loopback' } });
    // As slow as a mail server can be: it takes a mail, and never says so.
    sending.mails.mood = 'keeps waiting';
  });
  afterAll(async () => {
    sending.mails.hangUp();
    await sending.stop();
  });

  /** Milliseconds until a mail of one's own comes that was asked for behind those to the victim. */
  async function behind(victim: string): Promise<number> {
    const { email } = await signUp(sending.server);
    const start = performance.now();
    for (let count = 0; count < ASKED; count++) await ask.reset(sending.server, victim);
    await ask.reset(sending.server, email);
    await eventually('the own mail comes', () => Promise.resolve(sending.mails.to(email).length > 0));
    return performance.now() - start;
  }

  it('which does not wait for theirs to be delivered', async () => {
    const { email: victim } = await signUp(sending.server);
    await behind(victim);
    const waiting = await sending.server.em().find(Mail, { recipient: victim });
    expect(waiting.map(({ attempts, lastError }) => [attempts, lastError])).toEqual(
      Array.from({ length: ASKED }, () => [1, null]),
    );
  });

  it('which waits for as many turns when nobody is written to', async () => {
    expect(await behind(newEmail())).toBeGreaterThanOrEqual(ASKED * PACE_MS);
  });
});

describe('who has an account does not show in a change of address', () => {
  it('in its statements: a free address and a taken one', async () => {
    const open = await LifecycleServer.start({ env: { TRUST_PROXY: 'loopback' } });
    try {
      const [user, other] = [await signUp(open.server), await signUp(open.server)];
      const work: string[][] = [];
      for (const email of [other.email, newEmail()]) {
        const statements = await statementsOf(open.server, () => ask.emailChange(open.server, user.accessToken, email));
        work.push(statements.map((sql) => sql.replace(/values .*/, 'values').replace(/'[^']*'/g, '?')));
      }
      expect(work[0]).toEqual(work[1]);
    } finally {
      await open.stop();
    }
  });
});
