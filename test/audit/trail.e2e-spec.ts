import { jest } from '@jest/globals';
import { wrap } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { PasswordsService } from '../../src/passwords/passwords.service.js';
import { AUDITED_REFUSALS } from '../../src/throttle/limits.js';
import { User } from '../../src/users/user.entity.js';
import { changePassword, NEW_PASSWORD } from '../lifecycle/operations.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  refresh,
  refreshed,
  signUp,
  type TestUser,
  withAccounts,
} from '../support/accounts.js';
import { ForkModule } from '../support/fork.module.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule], env: { TRUST_PROXY: 'loopback' } });
});
afterAll(() => server.stop());

let lastRequest = 0;
const AGENT = 'Mozilla/5.0 (audit)';

/** A request that can be found again. */
function tagged(token?: string) {
  const requestId = `audited-${String((lastRequest += 1))}`;
  return { requestId, options: { token, headers: { 'user-agent': AGENT, 'x-request-id': requestId } } };
}

const eventsOf = async (to: TestServer, requestId: string) =>
  (await to.em().find(AuditEvent, { requestId }, { orderBy: { id: 'asc' } })).map((event) => wrap(event).toPOJO());

/** What every row of a request says, whatever it is about. */
const row = (type: string, facts: Partial<AuditEvent>) => ({
  id: expect.any(String),
  at: expect.any(Date),
  type,
  actorId: null,
  subjectId: null,
  sessionId: null,
  ipAddress: '127.0.0.1',
  userAgent: AGENT,
  requestId: expect.stringMatching(/^audited-/),
  details: null,
  // No job has sealed it (chain.e2e-spec.ts).
  sequence: null,
  hash: null,
  mac: expect.any(String),
  originSalt: expect.any(String),
  originDigest: expect.any(String),
  ...facts,
});

const own = ({ id, sessionId }: TestUser) => ({ actorId: id, subjectId: id, sessionId });

type Call = (document: string, token?: string) => Promise<GraphQLAnswer>;

/** Makes one request, and expects these rows of it. */
async function expectRows(request: (call: Call) => Promise<GraphQLAnswer>, ...rows: object[]): Promise<GraphQLAnswer> {
  let id = '';
  const answer = await request((document, token) => {
    const { requestId, options } = tagged(token);
    id = requestId;
    return server.call(document, {}, options);
  });
  expect(await eventsOf(server, id)).toEqual(rows);
  return answer;
}

const login = (email: string, password = PASSWORD) =>
  `mutation { login(input: { email: "${email}", password: "${password}" }) { ... on AuthPayload { session { id } user { id } } } }`;

/** Every change of the own account that a password proves. */
const OWN_CHANGES: [string, (password: string) => string][] = [
  [
    'a change of the password',
    (password) =>
      `mutation { changePassword(input: { currentPassword: "${password}", newPassword: "a phrase that is refused" }) }`,
  ],
  [
    'a change of the address',
    (password) => `mutation { requestEmailChange(input: { newEmail: "${newEmail()}", password: "${password}" }) }`,
  ],
  ['a deletion', (password) => `mutation { deleteAccount(password: "${password}") }`],
];

/** Lets so many passwords be checked, and keeps those who sent them waiting for what comes of it. */
function holdChecks(count: number) {
  const [made, released] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const passwords = server.app.get(PasswordsService);
  const verify = passwords.verify.bind(passwords);
  let checked = 0;
  const spy = jest.spyOn(passwords, 'verify').mockImplementation(async (password, stored) => {
    const fits = await verify(password, stored);
    if ((checked += 1) === count) made.resolve(undefined);
    await released.promise;
    return fits;
  });
  return { spy, made: made.promise, release: () => released.resolve(undefined) };
}

describe('a decision about who somebody is leaves a row', () => {
  it('of a sign-up, a login and a logout', async () => {
    const email = newEmail();
    const signup = `mutation { signup(input: { email: "${email}", password: "${PASSWORD}" }) { ... on AuthPayload { user { id } session { id } } } }`;
    const { requestId, options } = tagged();
    const { data } = await server.call<{ signup: { user: { id: string }; session: { id: string } } }>(
      signup,
      {},
      options,
    );
    const id = data?.signup.user.id ?? '';
    expect(await eventsOf(server, requestId)).toEqual([
      row('user.signed_up', { actorId: id, subjectId: id, sessionId: data?.signup.session.id ?? '' }),
    ]);

    const user = await logIn(server, email);
    const second = tagged();
    const answer = await server.call<{ login: { session: { id: string } } }>(login(email), {}, second.options);
    const sessionId = answer.data?.login.session.id ?? '';
    expect(await eventsOf(server, second.requestId)).toEqual([
      row('user.logged_in', { actorId: id, subjectId: id, sessionId, details: { amr: ['pwd'] } }),
    ]);
    await expectRows((call) => call('mutation { logout }', user.accessToken), row('user.logged_out', own(user)));
  });

  it('of ending a session, and the others', async () => {
    const user = await signUp(server);
    const other = await logIn(server, user.email);
    const ended = row('session.revoked', { ...own(user), details: { ended: 1 } });
    await expectRows((call) => call(`mutation { revokeSession(id: "${other.sessionId}") }`, user.accessToken), ended);
    await logIn(server, user.email);
    await expectRows((call) => call('mutation { revokeOtherSessions }', user.accessToken), ended);
  });

  it('of a wrong password, with the account if there is one', async () => {
    const { email, id } = await signUp(server);
    await expectRows((call) => call(login(email, 'not the password')), row('user.login_failed', { subjectId: id }));
    await expectRows((call) => call(login(newEmail(), 'not the password')), row('user.login_failed', {}));
  });

  it.each(OWN_CHANGES)('of a wrong password before %s', async (_, change) => {
    const user = await signUp(server);
    const facts = own(user);
    const wrong = 'not the password';
    const answer = await expectRows(
      (call) => call(change(wrong), user.accessToken),
      row('user.reauthentication_failed', facts),
    );
    expect(refusalOf(answer)).toBe('INVALID_CREDENTIALS');
  });

  it.each(OWN_CHANGES)('of a password that was changed before %s with it took place', async (_, change) => {
    const user = await signUp(server);
    const checks = holdChecks(5);
    const requests = Array.from({ length: 5 }, () => tagged(user.accessToken));
    const answers = requests.map(({ options }) => server.call(change(PASSWORD), {}, options));
    await checks.made;
    checks.spy.mockRestore();
    expect((await changePassword(server, user.accessToken, PASSWORD, NEW_PASSWORD)).errors).toEqual([]);
    checks.release();
    expect((await Promise.all(answers)).map(refusalOf)).toEqual(requests.map(() => 'INVALID_CREDENTIALS'));
    for (const { requestId } of requests) {
      expect(await eventsOf(server, requestId)).toEqual([row('user.reauthentication_failed', own(user))]);
    }
    // Nothing of it happened.
    expect((await logIn(server, user.email, NEW_PASSWORD)).id).toBe(user.id);
    expect(await server.em().count(User, { email: user.email })).toBe(1);
    expect(await server.em().count(Mail, { template: 'confirm-email-change', userId: user.id })).toBe(0);
  });

  it('of a refresh, of the same successor again, and of a refused one', async () => {
    const user = await signUp(server);
    const document = `mutation { refresh(input: { refreshToken: "${user.refreshToken}" }) { expiresIn } }`;
    await expectRows((call) => call(document), row('session.refreshed', own(user)));
    await expectRows((call) => call(document), row('session.refreshed', own(user)));
    const { refreshToken } = await refreshed(server, user.refreshToken);
    await refreshed(server, refreshToken);
    const details = { code: 'UNAUTHENTICATED', reason: 'REFRESH_TOKEN_REUSED', field: 'refresh' };
    const { id: subjectId, sessionId } = user;
    await expectRows(
      (call) => call(document),
      row('session.refresh_reused', { subjectId, sessionId }),
      row('access.refused', { ...own(user), details }),
    );
  });

  it('of a token that is missing, forged, or no longer good', async () => {
    const refused = (reason: string, facts = {}) =>
      row('access.refused', { ...facts, details: { code: 'UNAUTHENTICATED', reason, field: 'me' } });
    await expectRows((call) => call('{ me { id } }'), refused('TOKEN_MISSING'));
    await expectRows((call) => call('{ me { id } }', 'forged'), refused('TOKEN_INVALID'));
    const left = await signUp(server);
    await server.call('mutation { logout }', {}, { token: left.accessToken });
    await expectRows((call) => call('{ me { id } }', left.accessToken), refused('TOKEN_REVOKED', own(left)));
    const changed = await signUp(server);
    await withAccounts(server, (accounts) => accounts.setRoles(changed.email, ['user']));
    await expectRows((call) => call('{ me { id } }', changed.accessToken), refused('TOKEN_STALE', own(changed)));
  });

  it('of an address that is taken', async () => {
    const { email } = await signUp(server);
    const signup = `mutation { signup(input: { email: "${email}", password: "${PASSWORD}" }) { __typename } }`;
    const details = { code: 'EMAIL_TAKEN', field: 'signup' };
    await expectRows((call) => call(signup), row('access.refused', { details }));
  });
});

describe('a decision about what somebody may leaves a row', () => {
  const forbidden = (user: TestUser, field: string) =>
    row('access.refused', { ...own(user), details: { code: 'FORBIDDEN', field } });

  it('of a root field, of a restricted field, and one for a field of a whole list', async () => {
    const user = await signUp(server);
    await expectRows((call) => call('{ adminReport }', user.accessToken), forbidden(user, 'adminReport'));
    await expectRows(
      (call) => call('{ a: publicDirectory { x: lastLoginAt y: lastLoginAt } }', user.accessToken),
      forbidden(user, 'lastLoginAt'),
    );
  });

  it("of another's session, which is one that is not found", async () => {
    const [user, other] = [await signUp(server), await signUp(server)];
    const details = { code: 'NOT_FOUND', field: 'revokeSession' };
    await expectRows(
      (call) => call(`mutation { revokeSession(id: "${other.sessionId}") }`, user.accessToken),
      row('access.refused', { ...own(user), details }),
    );
  });

  it('of the token of a link that does not work', async () => {
    const details = { code: 'BAD_USER_INPUT', reason: 'ONE_TIME_TOKEN_INVALID', field: 'verifyEmail' };
    await expectRows((call) => call('mutation { verifyEmail(token: "x") { id } }'), row('access.refused', { details }));
  });

  it('of a route beside GraphQL', async () => {
    const { requestId, options } = tagged();
    expect((await fetch(`${server.url}/fork/report`, { headers: options.headers })).status).toBe(401);
    const details = { code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING', field: 'GET /fork/report' };
    expect(await eventsOf(server, requestId)).toEqual([row('access.refused', { details })]);
  });

  it('of a document that exceeds a limit', async () => {
    const document = `mutation { a: ${login('a@example.com').slice(11, -2)} b: ${login('b@example.com').slice(11, -2)} }`;
    await expectRows((call) => call(document), row('document.refused', { details: { limit: 'credentialOperations' } }));
  });

  it('and one that was granted to read leaves none', async () => {
    const user = await signUp(server);
    await expectRows((call) => call('{ me { id } mySessions { id } }', user.accessToken));
  });
});

describe('the log', () => {
  const facts = { details: { code: 'test' } };

  it('has an event once it is committed, and never one that was rolled back', async () => {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const audit = server.app.get(AuditService);
    const texts = () => log.mock.calls.map(([, text]) => text as unknown);
    await server.em().transactional(async (em) => {
      audit.record(em, 'user.disabled', facts);
      await em.flush();
      expect(texts()).toEqual([]);
    });
    expect(texts()).toEqual(['user.disabled']);
    const failed = server.em().transactional(async (em) => {
      audit.record(em, 'user.enabled', facts);
      await em.flush();
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    const em = server.em();
    audit.record(em, 'user.created', facts);
    await em.flush();
    expect(texts()).toEqual(['user.disabled', 'user.created']);
    log.mockRestore();
    expect(await server.em().count(AuditEvent, { type: 'user.enabled' })).toBe(0);
  });
});

it('a refusal is answered although it can not be recorded, and is in the log', async () => {
  const user = await signUp(server);
  const broken = jest.spyOn(AuditService.prototype, 'record').mockImplementation((em) => {
    em.create(AuditEvent, { id: 'no uuid', at: new Date(Number.NaN), type: 'access.refused' });
  });
  const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  const answer = await server.call('{ adminReport }', {}, { token: user.accessToken });
  const logged = log.mock.calls.filter(([, text]) => (text as unknown) === 'access.refused').map(([event]) => event);
  log.mockRestore();
  broken.mockRestore();
  expect(logged).toEqual([
    expect.objectContaining({ ...own(user), details: { code: 'FORBIDDEN', field: 'adminReport' } }),
  ]);
  expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
  expect((await refresh(server, user.refreshToken)).errors).toEqual([]);
});

// Passport keeps its strategies for the whole process: after these two, tokens of the first server are strange.
describe('with other settings', () => {
  it('a right password for an address that is not confirmed leaves a row', async () => {
    const strict = await TestServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true', TRUST_PROXY: 'loopback' } });
    const email = newEmail();
    const input = { email, password: PASSWORD };
    await strict.call('mutation ($input: SignupInput!) { signup(input: $input) { __typename } }', { input });
    const { requestId, options } = tagged();
    await strict.call(login(email), {}, options);
    expect(await eventsOf(strict, requestId)).toEqual([
      row('user.login_unverified', { subjectId: expect.any(String) }),
    ]);
    await strict.stop();
  });

  it('the rows of one address are so many an hour, so that nobody fills the table; the log has all of them', async () => {
    // Where Redis is late, an instance counts for itself.
    const limited = await TestServer.start({ env: { RATE_LIMITS_ENABLED: 'true' }, redis: false });
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const attempts = AUDITED_REFUSALS.attempts + 20;
    for (let index = 0; index < attempts; index++) await limited.call('{ me { id } }');
    const logged = log.mock.calls.filter(([, text]) => (text as unknown) === 'access.refused').length;
    log.mockRestore();
    expect([await limited.em().count(AuditEvent, { type: 'access.refused' }), logged]).toEqual([
      AUDITED_REFUSALS.attempts,
      attempts,
    ]);
    await limited.stop();
  });
});
