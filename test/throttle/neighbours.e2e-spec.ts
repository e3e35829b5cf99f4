import { parseSetCookie } from 'cookie';
import { AppError } from '../../src/common/app-error.js';
import { newId } from '../../src/common/ids.js';
import {
  type BudgetedMail,
  MAIL_BUDGETS,
  OPERATION_LIMITS,
  type OperationLimit,
  WRONG_PASSWORDS,
} from '../../src/throttle/limits.js';
import { MailBudget } from '../../src/throttle/mail-budget.js';
import { type Counted, OperationLimits } from '../../src/throttle/operation-limits.js';
import { OneTimeToken } from '../../src/tokens/one-time-token.entity.js';
import { oneTimeToken, oneTimeTokenHash } from '../../src/tokens/one-time-token.js';
import { User } from '../../src/users/user.entity.js';
import { HASHING_BOUNDS, HashingQueue } from '../../src/passwords/hashing-queue.js';
import { ACCESS_MATRIX } from '../access/access-matrix.js';
import { tryLogin } from '../accounts/operations.js';
import { ask, changePassword, NEW_PASSWORD } from '../lifecycle/operations.js';
import { logIn, newEmail, PASSWORD, refresh, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const DEVICE = 'latchkey-device';
const LIMITS = Object.entries<OperationLimit>(OPERATION_LIMITS);

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1', JOBS_ENABLED: 'false' },
  });
});
afterAll(() => server.stop());

let networks = 0;
const newIp = (): string => `203.0.${String(networks >> 8)}.${String(networks++ & 255)}`;
const from = (ip: string, cookie = '') => ({ headers: { 'x-forwarded-for': ip, cookie } });

/** Executes the mutation, as it is counted, until it is refused. */
async function flood(mutation: string, counted: Counted): Promise<void> {
  const limits = server.app.get(OperationLimits);
  for (;;) {
    try {
      await limits.spend(mutation, counted);
    } catch (refusal) {
      if (refusal instanceof AppError) return;
      throw refusal;
    }
  }
}

/** The device cookie of a sign-in from there. */
async function cookieOf(user: TestUser, ip: string, password = PASSWORD): Promise<string> {
  const answer = await tryLogin(server, user.email, password, from(ip));
  expect(answer.errors).toEqual([]);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => parseSetCookie(line))
    .find(({ name }) => name === DEVICE);
  return `${DEVICE}=${cookie?.value ?? ''}`;
}

/** A link that was sent to the user. */
async function linkOf({ id, email }: TestUser): Promise<string> {
  const token = oneTimeToken(server.env.JWT_SECRET, newId(), 'password_reset');
  const em = server.em();
  em.create(OneTimeToken, {
    hash: oneTimeTokenHash(token) ?? '',
    purpose: 'password_reset',
    user: em.getReference(User, id, { wrapped: true }),
    email,
    createdAt: server.clock.now(),
    expiresAt: new Date(server.clock.now().getTime() + 600_000),
  });
  await em.flush();
  return token;
}

/** What the honest user sends: the mutation of the access matrix with what they have. */
async function documentOf(mutation: string, user: TestUser): Promise<string> {
  const document = ACCESS_MATRIX[`Mutation.${mutation}`]?.document ?? '';
  return document
    .replaceAll('nobody@example.com', user.email)
    .replaceAll('refreshToken: "no"', `refreshToken: "${user.refreshToken}"`)
    .replaceAll('token: "no"', `token: "${await linkOf(user)}"`);
}

const withBudget = LIMITS.filter(([, { budgets }]) => budgets.length > 0).map(([mutation]) => mutation);
/** Of these a stranger at the address is one among many: nothing tells who they are before the server has looked. */
const ofStrangers = LIMITS.filter(([, { proof, budgets }]) => !proof && budgets.every(({ per }) => per === 'address'));

describe('a flood of every mutation beside an honest user', () => {
  it('stops strangers there, and of all that is public only signing up', () => {
    expect(ofStrangers.map(([mutation]) => mutation).filter((name) => name !== 'logout')).toEqual(['signup']);
  });

  it.each(withBudget.filter((name) => name !== 'signup'))('%s goes on', async (mutation) => {
    const ip = newIp();
    const user = await signUpWithRoles(server, 'admin');
    const second = await logIn(server, user.email);
    const document = await documentOf(mutation, user);
    const cookie = await cookieOf(user, ip);
    const strangers = { session: newId(), actor: newId() };
    const nobody = { address: ip, caller: undefined, proof: undefined };

    // Strangers at the same address: signed in or not, with proofs of their own or without.
    await flood(mutation, nobody);
    await flood(mutation, { ...nobody, caller: strangers });
    await flood(mutation, { ...nobody, proof: 'of a stranger' });
    // A thief with another session of the account, and at another address.
    const { per } = OPERATION_LIMITS[mutation]?.budgets[0] ?? {};
    const isOfActor = per === 'actor';
    if (!isOfActor) {
      await flood(mutation, {
        address: newIp(),
        caller: { session: second.sessionId, actor: user.id },
        proof: undefined,
      });
    }

    const isPublic = ACCESS_MATRIX[`Mutation.${mutation}`]?.expected.anonymous === 'data';
    const stranger = ACCESS_MATRIX[`Mutation.${mutation}`]?.document ?? '';
    if (isPublic) expect(refusalOf(await server.call(stranger, {}, from(ip)))).toBe('TOO_MANY_REQUESTS');
    const options = isPublic ? from(ip, cookie) : { ...from(ip), token: user.accessToken };
    expect(refusalOf(await server.call(document, {}, options))).not.toBe('TOO_MANY_REQUESTS');
  });
});

describe('an honest user at the address of a flood', () => {
  it('signs in on a device that is known, refreshes, asks for a link and changes the password', async () => {
    const ip = newIp();
    const user = await signUp(server);
    const cookie = await cookieOf(user, ip);
    for (let guess = 0; guess <= WRONG_PASSWORDS.address.atOnce; guess++) {
      await tryLogin(server, guess % 5 === 0 ? user.email : newEmail(), 'wrong password', from(ip));
    }
    for (const mutation of withBudget) {
      await flood(mutation, { address: ip, caller: undefined, proof: undefined });
    }
    expect(refusalOf(await tryLogin(server, user.email, PASSWORD, from(ip)))).toBe('TOO_MANY_REQUESTS');
    expect((await tryLogin(server, user.email, PASSWORD, from(ip, cookie))).errors).toEqual([]);
    expect((await refresh(server, user.refreshToken, from(ip))).errors).toEqual([]);
    expect((await ask.reset(server, user.email, from(ip, cookie))).data).toEqual({ requestPasswordReset: true });
    const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }';
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const changed = await server.call(change, { input }, { ...from(ip), token: user.accessToken });
    expect(changed.data).toEqual({ changePassword: true });
  });
});

const withReserve = LIMITS.flatMap(([mutation, { budgets }]) =>
  budgets.flatMap(({ reserve }) => (reserve ? [[mutation, reserve.attempts] as const] : [])),
);

describe('an honest user at the address of a thief with many sessions', () => {
  it.each(withReserve)('%s has %i of each session', async (mutation, reserve) => {
    const [ip, thief] = [newIp(), newId()];
    for (let session = 0; session < 10; session++) {
      await flood(mutation, { address: ip, caller: { session: newId(), actor: thief }, proof: undefined });
    }
    const user = await signUp(server);
    const limits = server.app.get(OperationLimits);
    const caller = { session: user.sessionId, actor: user.id };
    const spend = (address: string) => limits.spend(mutation, { address, caller, proof: undefined });
    // A stolen session of the user, elsewhere.
    await flood(mutation, { address: newIp(), caller: { session: newId(), actor: user.id }, proof: undefined });
    for (let count = 0; count < reserve; count++) await spend(ip);
    await expect(spend(ip)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    await spend(newIp());
  });
});

/** Takes every place at hashing, so that all others wait. */
function holdQueue() {
  const queue = server.app.get(HashingQueue);
  const releases: (() => void)[] = [];
  const blockers = Array.from({ length: HASHING_BOUNDS.concurrency }, () =>
    queue.run(() => new Promise<void>((resolve) => releases.push(resolve))),
  );
  return {
    waiting: () => queue.waiting,
    releaseOne: () => releases.pop()?.(),
    release: async () => {
      for (const release of releases) release();
      await Promise.all(blockers);
    },
  };
}

describe('passwords that wait for their turn', () => {
  it.each(['a known device', 'a signed-in user'])('are looked at first where they are of %s', async (who) => {
    const user = await signUp(server);
    const cookie = await cookieOf(user, newIp());
    const held = holdQueue();
    const served: string[] = [];
    const strangers = Array.from({ length: 6 }, () =>
      tryLogin(server, newEmail(), PASSWORD, from(newIp())).then(() => served.push('a stranger')),
    );
    await eventually('all strangers wait', () => Promise.resolve(held.waiting() === strangers.length));
    const known =
      who === 'a known device'
        ? tryLogin(server, user.email, PASSWORD, from(newIp(), cookie))
        : changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD);
    const isServed = known.then(() => served.push(who));
    await eventually('the user waits too', () => Promise.resolve(held.waiting() === strangers.length + 1));
    held.releaseOne();
    await isServed;
    // The first turn may be a stranger's. A change of password looks and then hashes.
    expect(served.length).toBeLessThan(strangers.length);
    await held.release();
    await Promise.all(strangers);
  });
});

describe('passwords that an account at the same address floods the queue with', () => {
  it('wait behind the one of another', async () => {
    const [ip, flooder, user] = [newIp(), await signUp(server), await signUp(server)];
    const [flooding, cookie] = [await cookieOf(flooder, ip), await cookieOf(user, ip)];
    const held = holdQueue();
    const served: string[] = [];
    const flood = Array.from({ length: 6 }, () =>
      tryLogin(server, flooder.email, PASSWORD, from(ip, flooding)).then(() => served.push('flooder')),
    );
    await eventually('the flood waits', () => Promise.resolve(held.waiting() === flood.length));
    const known = tryLogin(server, user.email, PASSWORD, from(ip, cookie)).then(() => served.push('user'));
    await eventually('the user waits too', () => Promise.resolve(held.waiting() === flood.length + 1));
    held.releaseOne();
    await known;
    expect(served.length).toBeLessThan(flood.length);
    await held.release();
    await Promise.all(flood);
  });
});

describe('an owner somewhere else', () => {
  it('is refused nothing, whatever strangers did to the account', async () => {
    const owner = await signUp(server);
    for (let guess = 0; guess < 3 * WRONG_PASSWORDS.account.atOnce; guess++) {
      await tryLogin(server, owner.email, 'wrong password', from(`198.51.100.${String(guess % 3)}`));
    }
    const mails = server.app.get(MailBudget);
    for (const mail of Object.keys(MAIL_BUDGETS) as BudgetedMail[]) {
      for (let count = 0; count <= MAIL_BUDGETS[mail].attempts; count++) await mails.spend(mail, owner.email);
    }
    const here = from(newIp());
    expect((await tryLogin(server, owner.email, PASSWORD, here)).errors).toEqual([]);
    expect((await ask.reset(server, owner.email, here)).errors).toEqual([]);
    expect((await ask.magicLink(server, owner.email, here)).errors).toEqual([]);
    expect((await ask.verification(server, owner.email, here)).errors).toEqual([]);
    expect((await refresh(server, owner.refreshToken, here)).errors).toEqual([]);
    expect((await changePassword(server, owner.accessToken, PASSWORD, NEW_PASSWORD)).errors).toEqual([]);
  });
});

describe('whoever acts as other users', () => {
  it('is counted once for all of them', async () => {
    const admin = await signUpWithRoles(server, 'admin');
    const users = [await signUp(server), await signUp(server)];
    const impersonate = (userId: string) =>
      server.call<{ impersonate: { accessToken: string } }>(
        'mutation ($id: ID!) { impersonate(userId: $id, reason: "a call") { accessToken } }',
        { id: userId },
        { token: admin.accessToken },
      );
    const [first = '', second = ''] = await Promise.all(
      users.map(async ({ id }) => (await impersonate(id)).data?.impersonate.accessToken),
    );
    const update = (token: string) => server.call('mutation { updateProfile(input: {}) { id } }', {}, { token });
    expect((await update(first)).errors).toEqual([]);
    await flood('updateProfile', {
      address: newIp(),
      caller: { session: `actor:${admin.id}`, actor: admin.id },
      proof: undefined,
    });
    expect(refusalOf(await update(second))).toBe('TOO_MANY_REQUESTS');
    expect((await update(users[1]?.accessToken ?? '')).errors).toEqual([]);
    expect((await update(admin.accessToken)).errors).toEqual([]);
  });
});
