import { logIn, PASSWORD, refreshed, signUp, signUpWithRoles } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { statementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const PAYLOAD = '... on AuthPayload { refreshToken user { id permissions } session { current } }';
const credentials = (email: string) => `input: { email: "${email}", password: "${PASSWORD}" }`;

describe('signup, login and refresh', () => {
  it('make their user the caller of their own payload', async () => {
    const signup = await server.call<{ signup: { refreshToken: string } }>(
      `mutation { signup(${credentials('own@example.com')}) { ${PAYLOAD} } }`,
    );
    const login = await server.call(`mutation { login(${credentials('own@example.com')}) { ${PAYLOAD} } }`);
    const refresh = await server.call(
      `mutation ($token: String) { refresh(input: { refreshToken: $token }) { refreshToken user { id permissions } session { current } } }`,
      { token: signup.data?.signup.refreshToken },
    );
    for (const { data, errors } of [signup, login, refresh]) {
      expect(errors).toEqual([]);
      expect(Object.values(data ?? {})).toEqual([
        expect.objectContaining({ user: expect.objectContaining({ permissions: [] }), session: { current: true } }),
      ]);
    }
  });

  it('do so under an alias too', async () => {
    const { email } = await signUp(server);
    const answer = await server.call(`mutation { a: login(${credentials(email)}) { ${PAYLOAD} } }`);
    expect(answer.errors).toEqual([]);
  });

  it.each([
    ['by name', 'login', 'revokeOtherSessions'],
    ['by alias', 'a: login', 'b: revokeOtherSessions'],
    ['under each other’s names', 'revokeOtherSessions: login', 'login: revokeOtherSessions'],
  ])('do not make it the caller of other root fields of the document: %s', async (_, first, second) => {
    const { email, refreshToken } = await signUp(server);
    const payload = '{ ... on AuthPayload { user { permissions } } }';
    const key = second.split(':')[0];
    const answer = await server.call(`mutation { ${first}(${credentials(email)}) ${payload} ${second} }`);
    expect(refusalOf(answer)).toBe('UNAUTHENTICATED/TOKEN_MISSING');
    expect(answer.errors.map(({ path }) => path)).toEqual([[key]]);
    // The session that it would have ended lives.
    expect((await refreshed(server, refreshToken)).email).toBe(email);
  });

  it('do not when they are refused', async () => {
    const { email } = await signUp(server);
    const wrong = `input: { email: "${email}", password: "not the password" }`;
    const answer = await server.call(`mutation { login(${wrong}) { ${PAYLOAD} } }`);
    expect(answer.data).toBeNull();
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(['INVALID_CREDENTIALS']);
  });

  it('give what the roles of their user give: a field for administrators to an administrator alone', async () => {
    const field = '... on AuthPayload { user { id lastLoginAt sessions { current } } }';
    const admin = await signUpWithRoles(server, 'admin');
    const granted = await server.call<{ login: { user: { sessions: object[] } } }>(
      `mutation { login(${credentials(admin.email)}) { ${field} } }`,
    );
    expect(granted.errors).toEqual([]);
    expect(granted.data?.login.user.sessions).toContainEqual({ current: true });

    const user = await signUp(server);
    // Neither from the administrator who asks, whom the first field has made the caller of the request.
    const refused = await server.call(
      `mutation { revokeOtherSessions login(${credentials(user.email)}) { ${field} } }`,
      {},
      { token: admin.accessToken },
    );
    expect(refused.data).toEqual({
      revokeOtherSessions: 2,
      login: { user: { id: user.id, lastLoginAt: null, sessions: null } },
    });
    expect(refused.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });

  it('leave the caller of the request in place for the others', async () => {
    const ann = await signUp(server);
    const bob = await signUp(server);
    const document = `mutation { login(${credentials(bob.email)}) { ... on AuthPayload { user { id } } } revokeOtherSessions }`;
    await logIn(server, ann.email);
    const { data } = await server.call(document, {}, { token: ann.accessToken });
    expect(data).toEqual({ login: { user: { id: bob.id } }, revokeOtherSessions: 1 });
  });
});

describe('the cost of me', () => {
  /** @see nestjs/nest#7241 */
  it('is one statement for session and user together, however many fields ask', async () => {
    const { accessToken: token, id } = await signUp(server);
    const thirty = Array.from({ length: 30 }, (_, index) => `a${String(index)}: me { id email }`).join(' ');
    const one = await statementsOf(server, () => server.call('{ me { id email } }', {}, { token }));
    const many = await statementsOf(server, async () => {
      const { data } = await server.call<Record<string, { id: string }>>(`{ ${thirty} }`, {}, { token });
      expect(new Set(Object.values(data ?? {}).map((me) => me.id))).toEqual(new Set([id]));
    });
    expect(one).toHaveLength(1);
    expect(many).toHaveLength(1);
  });

  it('is one statement more with roles and permissions', async () => {
    const { accessToken: token } = await signUp(server);
    const statements = await statementsOf(server, () =>
      server.call('{ me { id email name roles permissions } }', {}, { token }),
    );
    expect(statements).toHaveLength(2);
  });
});
