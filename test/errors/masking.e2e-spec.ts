import fc from 'fast-check';
import { Session } from '../../src/sessions/session.entity.js';
import { PASSWORD, refresh, signUp, type Tokens } from '../support/accounts.js';
import { FAULT_CANARY, ForkModule } from '../support/fork.module.js';
import { changeByHand } from '../support/by-hand.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

/** What never leaves the server: frames, folders, statements, names of tables. */
const INTERNALS = /stacktrace|node_modules|\bat .*\.(js|ts):\d|\/srv\/|insert into|select \*|canary|roles_pkey|SQLITE/i;

describe.each(['production', 'staging', 'test', 'development'])('NODE_ENV=%s', (NODE_ENV) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({
      imports: [ForkModule],
      env: {
        NODE_ENV,
        PUBLIC_URL: 'https://auth.example.com',
        APP_URL: 'https://app.example.com',
        BCRYPT_COST: '10',
      },
    });
  });
  afterAll(() => server.stop());

  /** @see accounts-js/accounts#424 */
  it.each([
    [
      'an error that nobody expected',
      '{ fails(how: "badly") }',
      'INTERNAL_SERVER_ERROR',
      'Something went wrong on our side.',
    ],
    [
      'an exception of an unknown status',
      '{ fails(how: "teapot") }',
      'INTERNAL_SERVER_ERROR',
      'Something went wrong on our side.',
    ],
    [
      'a broken constraint',
      'mutation { breaksConstraint }',
      'INTERNAL_SERVER_ERROR',
      'Something went wrong on our side.',
    ],
    ['a conflict', '{ fails(how: "conflict") }', 'CONFLICT', 'The report is being written.'],
    ['a missing row', '{ fails(how: "notFound") }', 'NOT_FOUND', 'No such report.'],
    ['an invalid document', '{ you }', 'GRAPHQL_VALIDATION_FAILED', 'Cannot query field "you" on type "Query".'],
  ])('%s shows its code and nothing of the inside', async (_, document, code, message) => {
    const { errors, text } = await server.call(document);
    expect(errors).toEqual([expect.objectContaining({ message })]);
    expect(errors[0]?.extensions.code).toBe(code);
    expect(text).not.toMatch(INTERNALS);
    expect(text).not.toContain(FAULT_CANARY);
  });
});

describe('tokens of a database that is no more', () => {
  const TABLES = ['sessions', 'user_roles', 'users', 'signing_keys', 'audit_events'];

  async function expectUnauthenticated(server: TestServer, tokens: Tokens, me: string, refreshing: string) {
    const answers = [
      await server.call('{ me { id } }', {}, { token: tokens.accessToken }),
      await refresh(server, tokens.refreshToken),
      // Trying changes nothing.
      await server.call('{ me { id } }', {}, { token: tokens.accessToken }),
    ];
    const expected = [me, refreshing, me].map((reason) => `UNAUTHENTICATED/${reason}`);
    expect(answers.map(refusalOf)).toEqual(expected);
    expect(answers.map(({ status, data }) => [status, data])).toEqual(expected.map(() => [200, null]));
  }

  /** @see twentyhq/twenty#7244 */
  it('are UNAUTHENTICATED where it was emptied under the server', async () => {
    const server = await TestServer.start();
    const user = await signUp(server);
    await changeByHand(server, async (em) => {
      for (const table of TABLES) await em.execute(`delete from ${table}`);
    });
    await expectUnauthenticated(server, user, 'TOKEN_REVOKED', 'REFRESH_TOKEN_INVALID');
    expect(await server.em().count(Session)).toBe(0);
    await server.stop();
  });

  it('are UNAUTHENTICATED where a new one took its place, under the same secret', async () => {
    const env = { JWT_SECRET: 'p9X2kQ7vT4mZ8rL1wN6cB3hJ5sD0fG-y' };
    const before = await TestServer.start({ env });
    const user = await signUp(before);
    await before.stop();
    const after = await TestServer.start({ env });
    await signUp(after);
    await expectUnauthenticated(after, user, 'TOKEN_INVALID', 'REFRESH_TOKEN_INVALID');
    await after.stop();
  });
});

describe('a value that a client sent', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
  const canary = fc.stringMatching(/^[a-z]{10,16}$/).map((text) => `canary${text}`);

  /** @see apollographql/apollo-server#7462 */
  it.each<[string, unknown]>([
    ['missing', undefined],
    ['null', null],
    ['a number', 5],
    ['a list', [PASSWORD]],
    ['an object', { password: PASSWORD }],
  ])('a variable that is %s: 400, BAD_USER_INPUT and the path', async (_, email) => {
    const { status, errors, text } = await server.call(LOGIN, { input: { email, password: PASSWORD } });
    expect(status).toBe(400);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'input.email' }] });
    expect(text).not.toContain(PASSWORD);
  });

  it('is in no answer: wrong types in variables, at any depth', () =>
    fc.assert(
      fc.asyncProperty(canary, fc.constantFrom('email', 'password', 'transport', 'unknown'), async (value, field) => {
        const shapes = [{ [value]: value }, [value], { nested: { deep: value } }, value];
        for (const shape of shapes) {
          const input = { email: 'a@example.com', password: PASSWORD, [field]: shape };
          const { text } = await server.call(LOGIN, { input });
          expect(text).not.toContain(value);
        }
      }),
      { numRuns: 20 },
    ));

  it('is in no answer: literals of the wrong type, and documents that do not parse', () =>
    fc.assert(
      fc.asyncProperty(canary, async (value) => {
        const documents = [
          `mutation { login(input: { email: { x: "${value}" }, password: ["${value}"] }) { __typename } }`,
          `mutation { login(input: { email: "a@example.com", password: 1, transport: "${value}" }) { __typename } }`,
          `mutation { login(input: { email: "a@example.com", password: "p" } "${value}") { __typename } }`,
          `mutation { login(input: "${value}") { __typename } }`,
          `{ me { id } } "${value}"`,
          `{ me(x: "${value}`,
          `{ me { id } } """${value}`,
          `mutation { logout(input: { everywhere: "${value}" }) }`,
          `mutation { logout(input: { refreshToken: ${value} }) }`,
        ];
        for (const document of documents) {
          const { status, text } = await server.call(document);
          expect(status).toBe(400);
          expect(text).not.toContain(value);
        }
      }),
      { numRuns: 10 },
    ));
});
