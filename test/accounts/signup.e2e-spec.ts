import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { administer } from '../administration/operations.js';
import { logIn, newEmail, PASSWORD, refreshed, signUp, type TestUser, withAccounts } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { fieldsOf, tryLogin, trySignup } from './operations.js';

describe('signup', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const rows = async () => [
    await server.em().count(User),
    await server.em().count(Session),
    // That it was refused is on record; that anything happened is not.
    await server.em().count(AuditEvent, { type: { $ne: 'access.refused' } }),
  ];

  /** @see wp-graphql/wp-graphql#751, PalisadoesFoundation/talawa-api#1049 */
  it.each([
    'role: "admin"',
    'roles: ["admin"]',
    'isAdmin: true',
    'id: "1"',
    'createdAt: "2020-01-01T00:00:00.000Z"',
    'emailVerified: true',
    'version: 7',
    'passwordHash: "x"',
  ])('takes no %s from a client, written out or in a variable', async (extra) => {
    const before = await rows();
    const email = newEmail();
    const inline = `mutation { signup(input: { email: "${email}", password: "${PASSWORD}", ${extra} }) { __typename } }`;
    const written = await server.call(inline);
    expect([written.status, refusalOf(written)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);

    const [name = '', value = ''] = extra.split(': ');
    const variable = await trySignup(server, { email, [name]: JSON.parse(value) });
    expect([variable.status, refusalOf(variable)]).toEqual([400, 'BAD_USER_INPUT']);
    expect(await rows()).toEqual(before);
  });

  it('makes an ordinary user', async () => {
    const { id } = await signUp(server);
    const user = await server.em().findOneOrFail(User, id, { populate: ['roles'] });
    expect(user).toMatchObject({ emailVerified: false, version: 1, disabledAt: null });
    expect(user.roles.getIdentifiers()).toEqual(['user']);
  });

  it('names every refused field at once, and repeats no value', async () => {
    const before = await rows();
    const answer = await trySignup(server, { email: 'not-an-address', password: 'hunter2', name: 'x'.repeat(201) });
    expect([answer.status, refusalOf(answer)]).toEqual([200, 'BAD_USER_INPUT/WEAK_PASSWORD']);
    expect(fieldsOf(answer)).toEqual([
      { path: 'input.email', message: 'must be an e-mail address' },
      { path: 'input.password', message: 'The password must have at least 8 characters.' },
      { path: 'input.name', message: 'must not be longer than 200 characters' },
    ]);
    expect(answer.text).not.toMatch(/hunter2|not-an-address|xxx/);
    expect(await rows()).toEqual(before);
  });

  it('of a taken address leaves nothing and changes nothing', async () => {
    const owner = await signUp(server);
    const before = await rows();
    const answer = await trySignup(server, { email: owner.email, password: 'quite another password', name: 'Eve' });
    expect([refusalOf(answer), fieldsOf(answer)]).toEqual([
      'EMAIL_TAKEN',
      [{ path: 'input.email', message: 'belongs to an existing account' }],
    ]);
    expect(await rows()).toEqual(before);
    expect((await tryLogin(server, owner.email)).data?.login.user).toEqual({
      id: owner.id,
      email: owner.email,
      name: null,
    });
    expect(refusalOf(await tryLogin(server, owner.email, 'quite another password'))).toBe('INVALID_CREDENTIALS');
  });

  it('a failed login opens no session', async () => {
    const { id, email } = await signUp(server);
    await tryLogin(server, email, 'wrong password');
    expect(await server.em().count(Session, { user: id })).toBe(1);
  });

  it.each([
    ['letters of any script', 'Zoë Ångström 李'],
    ['an emoji', '👩‍🚀'],
    ['200 characters', 'x'.repeat(200)],
    ['200 emoji', '👍'.repeat(200)],
  ])('takes a name of %s', async (_, name) => {
    expect((await trySignup(server, { name })).data?.signup.user?.name).toBe(name);
  });

  it.each([
    ['null', null, null],
    ['absent', undefined, null],
    ['surrounded by blanks', '  Ann  ', 'Ann'],
  ])('a name that is %s is stored as is proper', async (_, name, stored) => {
    expect((await trySignup(server, { name })).data?.signup.user?.name).toBe(stored);
  });

  it.each([
    ['201 characters', 'x'.repeat(201)],
    ['nothing', ''],
    ['blanks alone', '   '],
    ['a line break', 'Ann\nLee'],
    ['NUL', 'Ann\0'],
    ['half a character', 'Ann\ud83d'],
  ])('refuses a name of %s', async (_, name) => {
    const before = await rows();
    const answer = await trySignup(server, { name });
    expect([refusalOf(answer), fieldsOf(answer)]).toEqual([
      'BAD_USER_INPUT',
      [{ path: 'input.name', message: expect.any(String) }],
    ]);
    expect(await rows()).toEqual(before);
  });
});

describe('with SIGNUP_ENABLED=false', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({
      env: { SIGNUP_ENABLED: 'false', ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: PASSWORD },
    });
  });
  afterAll(() => server.stop());

  it('signup is refused whoever asks, login works, and serverInfo says so', async () => {
    const before = await server.em().count(User);
    for (const email of [newEmail(), 'a@example.com']) {
      expect(refusalOf(await trySignup(server, { email }))).toBe('FORBIDDEN');
    }
    expect(await server.em().count(User)).toBe(before);
    expect((await tryLogin(server, 'a@example.com')).data?.login.__typename).toBe('AuthPayload');
    expect((await server.call('{ serverInfo { signupEnabled } }')).data).toEqual({
      serverInfo: { signupEnabled: false },
    });
  });

  it('an administrator gives accounts after a sign-in of a moment ago alone', async () => {
    const invite = ({ accessToken }: TestUser) => administer(server, accessToken).create({ email: newEmail() });
    const admin = await logIn(server, 'a@example.com');
    expect((await invite(admin)).errors).toEqual([]);
    server.clock.advance(601);
    const before = await server.em().count(User);
    const late = await refreshed(server, admin.refreshToken);
    expect(refusalOf(await invite(late))).toBe('UNAUTHENTICATED/REAUTHENTICATION_REQUIRED');
    expect(await server.em().count(User)).toBe(before);
  });
});

describe('with REQUIRE_EMAIL_VERIFICATION=true', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' } });
  });
  afterAll(() => server.stop());

  it('signup of a new and of a taken address answer the same, and neither signs in', async () => {
    const email = newEmail();
    const first = await trySignup(server, { email });
    const second = await trySignup(server, { email, password: 'quite another password' });
    expect(first.data).toEqual({ signup: { __typename: 'EmailVerificationRequired', email } });
    expect(second.text).toBe(first.text);
    for (const { headers } of [first, second]) {
      expect(headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual(['latchkey-signup']);
    }
    expect(await server.em().count(User, { email })).toBe(1);
    expect(await server.em().count(Session)).toBe(0);
  });

  it('login refuses the right password like a wrong one until it is done, and then signs in', async () => {
    const email = newEmail();
    await trySignup(server, { email });
    expect(refusalOf(await tryLogin(server, email, 'wrong password'))).toBe('INVALID_CREDENTIALS');
    expect(refusalOf(await tryLogin(server, email))).toBe('INVALID_CREDENTIALS');
    expect(await server.em().count(Session)).toBe(0);

    await withAccounts(server, (accounts) => accounts.markEmailVerified(email));
    expect((await tryLogin(server, email)).data?.login.__typename).toBe('AuthPayload');
  });

  it('a disabled account reads as wrong credentials, also with the right password', async () => {
    const email = newEmail();
    await trySignup(server, { email });
    await withAccounts(server, (accounts) => accounts.disable(email, null));
    expect(refusalOf(await tryLogin(server, email))).toBe('INVALID_CREDENTIALS');
  });
});
