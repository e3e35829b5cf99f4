import fc from 'fast-check';
import { PASSWORD, refresh, signUp } from '../support/accounts.js';
import { FAULT_CANARY, ForkModule } from '../support/fork.module.js';
import { TestServer } from '../support/test-server.js';

/** What never leaves the server: frames, folders, statements, names of tables. */
const INTERNALS = /stacktrace|node_modules|\bat .*\.(js|ts):\d|\/srv\/|insert into|select \*|canary|roles_pkey|SQLITE/i;

describe.each(['production', 'staging', 'test', 'development'])('NODE_ENV=%s', (NODE_ENV) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({
      imports: [ForkModule],
      env: { NODE_ENV, PUBLIC_URL: 'https://auth.example.com', BCRYPT_COST: '10' },
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

describe('a database that is emptied', () => {
  /** @see twentyhq/twenty#7244 */
  it('makes old tokens UNAUTHENTICATED, and nothing else', async () => {
    const server = await TestServer.start();
    const { accessToken, refreshToken } = await signUp(server);
    await server.em().execute('delete from users');
    const me = await server.call('{ me { id } }', {}, { token: accessToken });
    const refreshAnswer = await refresh(server, refreshToken);
    await server.stop();
    expect(me.errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
    expect(refreshAnswer.errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'UNAUTHENTICATED', reason: 'REFRESH_TOKEN_INVALID' },
    ]);
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
