import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { Session } from '../../src/sessions/session.entity.js';
import { newEmail, PASSWORD, signUp, signUpConfirmed, type TestUser, withAccounts } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { ask, LifecycleServer, NEW_PASSWORD, use } from './operations.js';

const INVALID = 'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID';
const PARALLEL = 200;
/** Each costs a password hash before the token is looked at, and waits for 5 s at most. */
const PARALLEL_RESETS = 40;

let life: LifecycleServer;
beforeAll(async () => {
  life = await LifecycleServer.start();
});
afterAll(() => life.stop());

const KINDS = ['verification', 'reset', 'magic link', 'change', 'revert'] as const;
type Kind = (typeof KINDS)[number];

/** @param session of the account, which spares the hash of a password */
const redeem: Record<Kind, (token: string, session?: string) => Promise<GraphQLAnswer>> = {
  verification: (token, session) => use.verification(life.server, token, session ? null : PASSWORD, { token: session }),
  reset: (token) => use.reset(life.server, token, NEW_PASSWORD),
  'magic link': (token) => use.magicLink(life.server, token),
  change: (token, session) => use.emailChange(life.server, token, session ? null : PASSWORD, { token: session }),
  revert: (token) => use.revert(life.server, token),
};

/** A good token of the kind, and whose it is. */
async function tokenOf(kind: Kind): Promise<{ token: string; user: TestUser }> {
  const { server } = life;
  const user = kind === 'revert' ? await signUpConfirmed(server) : await signUp(server);
  const newAddress = newEmail();
  if (kind === 'verification') await ask.verification(server, user.email);
  if (kind === 'reset') await ask.reset(server, user.email);
  if (kind === 'magic link') await ask.magicLink(server, user.email);
  if (kind === 'change' || kind === 'revert') await ask.emailChange(server, user.accessToken, newAddress);
  if (kind === 'change') return { token: await life.tokenFor(newAddress), user };
  if (kind === 'revert') await redeem.change(await life.tokenFor(newAddress));
  return { token: await life.tokenFor(user.email), user };
}

describe.each(KINDS)('the token of a %s', (kind) => {
  const parallel = kind === 'reset' ? PARALLEL_RESETS : PARALLEL;

  it(`works for one of ${String(parallel)} who use it at once`, async () => {
    const { token, user } = await tokenOf(kind);
    const all = Array.from({ length: parallel }, () => redeem[kind](token, user.accessToken));
    const answers = await Promise.all(all);
    const refusals = answers.map(refusalOf).filter((refusal) => refusal !== undefined);
    expect([refusals.length, new Set(refusals)]).toEqual([parallel - 1, new Set([INVALID])]);
  });

  it('opens nothing but what it is for, and is not used up by being tried there', async () => {
    const { token } = await tokenOf(kind);
    for (const other of KINDS.filter((it) => it !== kind)) {
      expect([other, refusalOf(await redeem[other](token))]).toEqual([other, INVALID]);
    }
    for (const operation of ['me { id }', 'mySessions { id }']) {
      const answer = await life.server.call(`{ ${operation} }`, {}, { token });
      expect(refusalOf(answer)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    }
    const refresh = 'mutation ($token: String!) { refresh(input: { refreshToken: $token }) { expiresIn } }';
    expect(refusalOf(await life.server.call(refresh, { token }))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_INVALID');
    expect((await redeem[kind](token)).errors).toEqual([]);
  });

  it('is nowhere in the database, but for its hash', async () => {
    const { token, user } = await tokenOf(kind);
    expect(token).toMatch(/^lko_[\w-]{43}$/);
    const em = life.server.em();
    const text = JSON.stringify(await allRows(em));
    expect(text).not.toContain(token);
    expect(text).not.toContain(token.slice(4));
    const [row] = await em.find(OneTimeToken, { user: user.id }, { orderBy: { createdAt: 'desc' } });
    expect(row?.hash).toMatch(/^[\w-]{43}$/);
  });

  it('is one answer when it is wrong, shortened, changed in one character, or used', async () => {
    const { token } = await tokenOf(kind);
    const last = token.at(-2) === 'A' ? 'B' : 'A';
    const wrong = ['', 'no', 'lko_', token.slice(0, -1), `${token}A`, token.slice(0, -2) + last + token.slice(-1)];
    const answers = [];
    for (const it of wrong) answers.push(await redeem[kind](it));
    await redeem[kind](token);
    answers.push(await redeem[kind](token));
    const plain = answers.map(({ status, data, errors: [error] }) => ({
      status,
      data,
      message: error?.message,
      extensions: { ...error?.extensions, requestId: '' },
    }));
    expect(plain).toEqual(answers.map(() => plain[0]));
    expect(plain[0]).toEqual({
      status: 200,
      data: null,
      message: 'The link is not valid, or no longer. Ask for a new one.',
      extensions: { code: 'BAD_USER_INPUT', reason: 'ONE_TIME_TOKEN_INVALID', action: 'FIX_INPUT', requestId: '' },
    });
  });
});

async function allRows(em: SqlEntityManager): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (const { tableName } of Object.values(em.getMetadata().getAll())) {
    rows.push(...(await em.getConnection().execute<unknown[]>(`select * from ${tableName}`)));
  }
  return rows;
}

/** Mail scanners open every link. */
it('a GET uses nothing up: neither of the page that a link leads to, nor of the API', async () => {
  const { token, user } = await tokenOf('magic link');
  const { url } = life.server;
  const query = encodeURIComponent(`mutation { loginWithMagicLink(input: { token: "${token}" }) { __typename } }`);
  const statuses = [];
  for (const path of [`/magic-link#token=${token}`, `/magic-link?token=${token}`, `/graphql?query=${query}`]) {
    statuses.push((await fetch(url + path, { headers: { 'apollo-require-preflight': '1' } })).status);
  }
  expect(statuses).toEqual([404, 404, 405]);
  expect(await life.server.em().count(Session, { user: user.id })).toBe(1);
  expect((await redeem['magic link'](token)).errors).toEqual([]);
});

it('a used token is not revived by another attempt to send its mail, of which there is no answer', async () => {
  const { server, mails } = life;
  const { email } = await signUpConfirmed(server);
  await ask.magicLink(server, email);
  mails.mood = 'drops';
  await life.send();
  const { token = '' } = mails.last(email);
  expect((await redeem['magic link'](token)).errors).toEqual([]);
  mails.mood = 'accepts';
  server.clock.advance(10);
  await life.send();
  expect(mails.to(email).length).toBe(1);
  expect(refusalOf(await redeem['magic link'](token))).toBe(INVALID);
});

it('a token is void when its account was disabled in between, also after it is enabled again', async () => {
  for (const kind of ['verification', 'reset', 'change'] as const) {
    const { token, user } = await tokenOf(kind);
    await withAccounts(life.server, (accounts) => accounts.disable(user.email, null));
    expect([kind, refusalOf(await redeem[kind](token))]).toEqual([kind, INVALID]);
    await withAccounts(life.server, (accounts) => accounts.enable(user.email));
    expect([kind, refusalOf(await redeem[kind](token))]).toEqual([kind, INVALID]);
  }
});

it('expired tokens are purged', async () => {
  const { server } = life;
  await tokenOf('reset');
  const jobs = server.app.get(JobRunner);
  await jobs.runDue();
  expect(await server.em().count(OneTimeToken)).toBeGreaterThan(0);
  // Half a day at a time: a clock that leaps has to prove itself first.
  for (let half = 0; half < 18; half++) {
    server.clock.advance(43_200);
    await jobs.runDue();
  }
  expect(await server.em().count(OneTimeToken)).toBe(0);
});

describe('after the clock was ahead, and is set right', () => {
  const AHEAD = 2 * 86_400;
  const requests = { verification: ask.verification, reset: ask.reset, 'magic link': ask.magicLink };

  it.each(Object.entries(requests))(
    'the link of a %s from then is no good, and the next one is',
    async (kind, request) => {
      const { server } = life;
      server.clock.advance(AHEAD);
      const { email } = await signUp(server);
      await request(server, email);
      const token = await life.tokenFor(email);
      server.clock.advance(-AHEAD);
      expect(refusalOf(await redeem[kind as Kind](token))).toBe(INVALID);
      await request(server, email);
      const next = await life.tokenFor(email);
      expect(next).not.toBe(token);
      expect((await redeem[kind as Kind](next)).errors).toEqual([]);
    },
  );

  it('the way back of a former address from then is still one', async () => {
    life.server.clock.advance(AHEAD);
    const { token } = await tokenOf('revert');
    life.server.clock.advance(-AHEAD);
    expect((await redeem.revert(token)).data).toEqual({ revertEmailChange: true });
  });
});
