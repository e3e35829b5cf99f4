import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { Mail } from '../../src/mail/mail.entity.js';
import { Outbox } from '../../src/mail/outbox.js';
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

/** Asks for a sign-in link. The mail server takes the mail and loses the connection, so that it comes again. */
async function droppedMagicLink(): Promise<{ email: string; token: string }> {
  const { server, mails } = life;
  const { email } = await signUpConfirmed(server);
  await ask.magicLink(server, email);
  mails.mood = 'drops';
  await life.send();
  return { email, token: mails.last(email).token ?? '' };
}

it('a used token is not revived by another attempt to send its mail, of which there is no answer', async () => {
  const { server, mails } = life;
  const { email, token } = await droppedMagicLink();
  expect((await redeem['magic link'](token)).errors).toEqual([]);
  mails.mood = 'accepts';
  server.clock.advance(10);
  await life.send();
  expect(mails.to(email).length).toBe(1);
  expect(refusalOf(await redeem['magic link'](token))).toBe(INVALID);
});

it('a used token is not revived when its mail is sent again after the next one was used', async () => {
  const { server, mails } = life;
  const { email, token } = await droppedMagicLink();
  expect((await redeem['magic link'](token)).errors).toEqual([]);
  mails.mood = 'accepts';
  server.clock.advance(1);
  await ask.magicLink(server, email);
  await life.send();
  expect((await redeem['magic link'](mails.last(email).token ?? '')).errors).toEqual([]);
  server.clock.advance(10);
  await life.send();
  expect(mails.to(email)).toHaveLength(2);
  expect(refusalOf(await redeem['magic link'](token))).toBe(INVALID);
});

it('a token that gave way to a younger one does not come back by another attempt, also once that one was used', async () => {
  const { server, mails } = life;
  const { email, token } = await droppedMagicLink();
  mails.mood = 'accepts';
  server.clock.advance(1);
  await ask.magicLink(server, email);
  expect((await redeem['magic link'](await life.tokenFor(email))).errors).toEqual([]);
  server.clock.advance(10);
  await life.send();
  expect(mails.to(email)).toHaveLength(2);
  expect(refusalOf(await redeem['magic link'](token))).toBe(INVALID);
});

it.each(['magic link', 'change'] as const)(
  'the next %s after one that was used is sent, although the clock was set back in between',
  async (kind) => {
    const { server } = life;
    const { token, user } = await tokenOf(kind);
    expect((await redeem[kind](token, user.accessToken)).errors).toEqual([]);
    server.clock.advance(-4);
    const next = kind === 'change' ? newEmail() : user.email;
    if (kind === 'change') await ask.emailChange(server, user.accessToken, next);
    else await ask.magicLink(server, next);
    expect((await redeem[kind](await life.tokenFor(next), user.accessToken)).errors).toEqual([]);
    server.clock.advance(4);
    // The notice of the change.
    await life.send();
  },
);

it('a token is void when its account was disabled in between, also after it is enabled again', async () => {
  for (const kind of ['verification', 'reset', 'change'] as const) {
    const { token, user } = await tokenOf(kind);
    await withAccounts(life.server, (accounts) => accounts.disable(user.email, null));
    expect([kind, refusalOf(await redeem[kind](token))]).toEqual([kind, INVALID]);
    await withAccounts(life.server, (accounts) => accounts.enable(user.email));
    expect([kind, refusalOf(await redeem[kind](token))]).toEqual([kind, INVALID]);
  }
});

/** Half a day at a time: a clock that leaps has to prove itself first. */
async function passDays(days: number): Promise<void> {
  for (let half = 0; half < 2 * days; half++) {
    life.server.clock.advance(43_200);
    await life.server.app.get(JobRunner).runDue();
  }
}

it('a used token is not revived by a mail that was given up and is tried again after a purge', async () => {
  const { server, mails } = life;
  const { email } = await signUpConfirmed(server);
  await ask.magicLink(server, email);
  mails.mood = 'drops';
  await life.send();
  server.clock.advance(86_401);
  await life.send();
  mails.mood = 'accepts';
  const { token = '' } = mails.last(email);
  expect((await redeem['magic link'](token)).errors).toEqual([]);
  const sent = mails.to(email).length;
  await passDays(4);
  await server.em().transactional((em) => server.app.get(Outbox).retryAll(em));
  await life.send();
  expect(mails.to(email)).toHaveLength(sent);
  expect(refusalOf(await redeem['magic link'](token))).toBe(INVALID);
});

describe('the link of a change of address', () => {
  const HOUR = 3_600;

  /** A mail server that takes each mail, and says that it has not. */
  async function takenAndRefused(seconds: number[]) {
    const { server, mails } = life;
    const user = await signUp(server);
    const address = newEmail();
    await ask.emailChange(server, user.accessToken, address);
    mails.mood = 'drops';
    await life.send();
    for (const later of seconds) {
      server.clock.advance(later);
      await life.send();
    }
    mails.mood = 'accepts';
    const confirm = () => redeem.change(mails.last(address).token ?? '');
    return { address, confirm };
  }

  it('lives no longer than one, however often its mail server has the mail sent again', async () => {
    const { address, confirm } = await takenAndRefused([HOUR / 2, HOUR / 2 - 60]);
    expect(life.mails.to(address)).toHaveLength(3);
    life.server.clock.advance(61);
    expect(refusalOf(await confirm())).toBe(INVALID);
    await life.send();
    expect(life.mails.to(address)).toHaveLength(3);
    expect(await life.server.em().count(Mail, { recipient: address })).toBe(1);
    life.server.clock.advance(HOUR);
    await life.send();
    expect(life.mails.to(address)).toHaveLength(3);
    expect(await life.server.em().count(Mail, { recipient: address })).toBe(0);
    expect(refusalOf(await confirm())).toBe(INVALID);
  });

  it('works until then, and its mail says how long that is', async () => {
    const { address, confirm } = await takenAndRefused([HOUR / 2]);
    expect(life.mails.to(address).map(({ text }) => /works for (.*?)[.,]/.exec(text)?.[1])).toEqual([
      '1 hour',
      '30 minutes',
    ]);
    life.server.clock.advance(HOUR / 2 - 60);
    expect((await confirm()).errors).toEqual([]);
    await life.send();
  });

  it('does not begin anew by a mail that was given up and is tried again after a purge', async () => {
    const { server } = life;
    const { address, confirm } = await takenAndRefused([]);
    await passDays(3);
    await server.em().transactional(async (em) => {
      await em.nativeUpdate(Mail, { recipient: address }, { failedAt: server.clock.now() });
      await server.app.get(Outbox).retryAll(em);
    });
    await life.send();
    expect(life.mails.to(address)).toHaveLength(1);
    expect(refusalOf(await confirm())).toBe(INVALID);
  });
});

it('expired tokens are purged, those that were used when no mail can bring them back', async () => {
  const em = () => life.server.em();
  await tokenOf('reset');
  await passDays(1);
  expect(await em().count(OneTimeToken, { usedAt: null })).toBeGreaterThan(0);
  await passDays(8);
  expect(await em().count(OneTimeToken, { usedAt: null })).toBe(0);
  expect(await em().count(OneTimeToken)).toBeGreaterThan(0);
  await passDays(32);
  expect(await em().count(OneTimeToken)).toBe(0);
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
