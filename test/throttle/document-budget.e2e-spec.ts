import { MAX_ADDED_ROLES } from '../../src/roles/role-names.js';
import { DEAR_DOCUMENTS } from '../../src/throttle/limits.js';
import { signUp, signUpWithRoles } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1' } });
  // What a slow machine takes is no time.
  server.clock.freeze();
});
afterAll(() => server.stop());

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

/** A list of sessions counts for 100. */
const sessions = (roots: number, fields: number) =>
  `{ ${times(roots, (i) => `r${String(i)}: mySessions { ...F }`)} }
   fragment F on Session { ${times(fields, (i) => `f${String(i)}: id`)} }`;
const DEAR = sessions(9, 11);
const ORDINARY = sessions(1, 9);
/** Of a complexity of 9 * (1 + 100 * 11) each. */
const ATTEMPTS = Math.floor(DEAR_DOCUMENTS.complexity / 9909);

async function spendAll(token: string): Promise<void> {
  for (let count = 0; count < ATTEMPTS; count++) {
    expect((await server.call(DEAR, {}, { token })).errors).toEqual([]);
  }
}

describe('dear documents', () => {
  it('are refused when their user has used up the budget, until its time is over', async () => {
    const { accessToken: token } = await signUp(server);
    await spendAll(token);
    const { data, errors } = await server.call(DEAR, {}, { token });
    expect(data).toBeNull();
    expect(errors[0]?.extensions).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      action: 'RETRY',
      retryAfter: DEAR_DOCUMENTS.seconds,
    });
    expect(errors[0]?.message).toContain('limit: documents');
    server.clock.advance(DEAR_DOCUMENTS.seconds);
    expect((await server.call(DEAR, {}, { token })).errors).toEqual([]);
  });

  it('are refused for no longer after the clock was ahead and is set right', async () => {
    const { accessToken: token } = await signUp(server);
    server.clock.advance(600);
    await spendAll(token);
    server.clock.advance(-600);
    expect((await server.call(DEAR, {}, { token })).errors).toEqual([]);
  });

  it.each(['search', 'role'])(
    'are those that filter by %s: nine of them at a time, and no more than the budget',
    async (by) => {
      const { accessToken: token } = await signUpWithRoles(server, 'admin');
      const filtering = (count: number) =>
        `{ ${times(count, (i) => `s${String(i)}: users(first: 1, filter: { ${by}: "zz" }) { totalCount }`)} }`;
      expect(refusalOf(await server.call(filtering(10), {}, { token }))).toBe('GRAPHQL_VALIDATION_FAILED');
      for (let spent = 0; spent + 1_202 <= DEAR_DOCUMENTS.complexity; spent += 1_202) {
        expect((await server.call(filtering(1), {}, { token })).errors).toEqual([]);
      }
      expect(refusalOf(await server.call(filtering(1), {}, { token }))).toBe('TOO_MANY_REQUESTS');
    },
  );

  it('are those that count the users of every role', async () => {
    const { accessToken: token } = await signUpWithRoles(server, 'admin');
    const counting = '{ roles { userCount } }';
    const complexity = 1 + (MAX_ADDED_ROLES + 2) * 51;
    for (let spent = 0; spent + complexity <= DEAR_DOCUMENTS.complexity; spent += complexity) {
      expect((await server.call(counting, {}, { token })).errors).toEqual([]);
    }
    expect(refusalOf(await server.call(counting, {}, { token }))).toBe('TOO_MANY_REQUESTS');
  });

  it('leave ordinary documents of the same user, and the documents of others, as they are', async () => {
    const { accessToken: token } = await signUp(server);
    const other = await signUp(server);
    await spendAll(token);
    expect(refusalOf(await server.call(DEAR, {}, { token }))).toBe('TOO_MANY_REQUESTS');
    for (const document of [ORDINARY, '{ me { id } }']) {
      expect((await server.call(document, {}, { token })).errors).toEqual([]);
    }
    expect((await server.call(DEAR, {}, { token: other.accessToken })).errors).toEqual([]);
  });

  it('of an administrator who acts as users are charged to the administrator', async () => {
    const [admin, ...users] = [await signUpWithRoles(server, 'admin'), await signUp(server), await signUp(server)];
    const tokens = await Promise.all(
      users.map(async ({ id }) => {
        const { data } = await server.call<{ impersonate: { accessToken: string } }>(
          'mutation ($id: ID!) { impersonate(userId: $id, reason: "why") { accessToken } }',
          { id },
          { token: admin.accessToken },
        );
        return data?.impersonate.accessToken ?? '';
      }),
    );
    await spendAll(tokens[0] ?? '');
    expect(refusalOf(await server.call(DEAR, {}, { token: tokens[1] }))).toBe('TOO_MANY_REQUESTS');
  });

  describe('of nobody who is signed in', () => {
    const document = `{ ${times(10, (i) => `r${String(i)}: serverInfo { ...F }`)} }
      fragment F on ServerInfo { ${times(20, (i) => `f${String(i)}: tokenTransports`)} }`;

    async function refusalFrom(addressOf: (index: number) => string): Promise<string | undefined> {
      let refused: string | undefined;
      for (let index = 0; !refused && index < 100; index++) {
        refused = refusalOf(await server.call(document, {}, { headers: { 'x-forwarded-for': addressOf(index) } }));
      }
      return refused;
    }

    it('are charged to the network address', async () => {
      expect(await refusalFrom(() => '203.0.113.1')).toBe('TOO_MANY_REQUESTS');
      const headers = { 'x-forwarded-for': '203.0.113.1' };
      expect((await server.call('{ serverInfo { version } }', {}, { headers })).errors).toEqual([]);
      expect((await server.call(document, {}, { headers: { 'x-forwarded-for': '203.0.113.2' } })).errors).toEqual([]);
    });

    it('are charged to the greater network of whoever comes from another /64 each time', async () => {
      expect(await refusalFrom((index) => `2001:db8:1:${index.toString(16)}::1`)).toBe('TOO_MANY_REQUESTS');
    });
  });
});
