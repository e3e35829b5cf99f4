import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { logIn, newEmail, PASSWORD, refresh, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const INVALID = 'UNAUTHENTICATED/TOKEN_INVALID';

let server: TestServer;
let user: TestUser;
beforeAll(async () => {
  server = await TestServer.start();
  user = await signUp(server);
});
afterAll(() => server.stop());

/** `me` with exactly these header lines, also those that no HTTP client would send. */
async function sendRaw(lines: string[]): Promise<{ status: number; body: string }> {
  const { port, hostname } = new URL(server.url);
  const body = JSON.stringify({ query: '{ me { id } }' });
  const head = ['POST /graphql HTTP/1.1', `Host: ${hostname}`, 'Connection: close', 'Content-Type: application/json'];
  const socket = connect(Number(port), hostname);
  socket.write([...head, ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'));
  const answer = await text(socket);
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n')) };
}

describe('the Authorization header', () => {
  const withHeader = (authorization: string) => whoAmI(server, undefined, { headers: { authorization } });

  // @see fluojs/fluo#474
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR', 'Bearer '])(
    '%s: the name of the scheme has no case',
    async (scheme) => {
      expect(await withHeader(`${scheme} ${user.accessToken}`)).toBe(user.id);
    },
  );

  // @see jetkvm/cloud-api PR#85
  it.each<[string, (token: string) => string]>([
    ['the scheme alone', () => 'Bearer'],
    ['nothing', () => ''],
    ['a token glued to the scheme', (token) => `Bearer${token}`],
    ['a token without a scheme', (token) => token],
    ['another scheme', (token) => `Basic ${token}`],
    ['another scheme that ends alike', (token) => `XBearer ${token}`],
    ['a tab instead of a blank', (token) => `Bearer\t${token}`],
    ['a colon', (token) => `Bearer: ${token}`],
    ['a quoted token', (token) => `Bearer "${token}"`],
    ['a parameter', (token) => `Bearer token=${token}`],
    ['two tokens', (token) => `Bearer ${token} ${token}`],
    ['two credentials in one line', (token) => `Bearer ${token}, Bearer ${token}`],
    ['a token and a comma', (token) => `Bearer ${token},`],
  ])('%s is refused', async (_, header) => {
    expect(await withHeader(header(user.accessToken))).toBe(INVALID);
  });

  it('is refused when it comes twice, whichever of the two is good', async () => {
    const good = `Authorization: Bearer ${user.accessToken}`;
    for (const lines of [
      [good, good],
      [good, 'Authorization: Bearer x'],
      ['authorization: Basic eA==', good],
    ]) {
      const { status, body } = await sendRaw(lines);
      expect([status, JSON.parse(body)]).toEqual([200, expect.objectContaining({ data: null })]);
      expect(body).toContain('"reason":"TOKEN_INVALID"');
    }
    expect((await sendRaw([good])).body).toContain(user.id);
  });

  it.each(['\r\n continued', '\rX-Injected: 1', '\nX-Injected: 1', '\0'])(
    'is no HTTP with %j in it, and the connection is answered with 400 and closed',
    async (injected) => {
      const { status, body } = await sendRaw([`Authorization: Bearer ${user.accessToken}${injected}`]);
      expect([status, JSON.parse(body)]).toEqual([
        400,
        { errors: [{ message: 'The request could not be read.', extensions: { code: 'BAD_REQUEST' } }] },
      ]);
    },
  );
});

describe('the two kinds of token', () => {
  // @see spring-attic/spring-security-oauth#363
  it('a refresh token is no access token', async () => {
    expect(await whoAmI(server, user.refreshToken)).toBe(INVALID);
    expect(await whoAmI(server, user.refreshToken.replace(/^lkr_/, ''))).toBe(INVALID);
  });

  it('an access token is no refresh token, and trying consumes nothing', async () => {
    for (const token of [user.accessToken, `lkr_${user.accessToken}`, `lkr_${user.accessToken.slice(0, 71)}`]) {
      const answer = await refresh(server, token);
      expect([answer.data, refusalOf(answer)]).toEqual([null, 'UNAUTHENTICATED/REFRESH_TOKEN_INVALID']);
    }
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  });
});

describe('operations that replace tokens', () => {
  /** Authorization headers that a client may still attach: an expired token, one of an ended session, no token. */
  const stale = {
    expired: async () => {
      const { accessToken } = await signUp(server);
      server.clock.advance(server.env.ACCESS_TOKEN_TTL + 10);
      return `Bearer ${accessToken}`;
    },
    revoked: async () => {
      const { accessToken } = await signUp(server);
      await server.call('mutation { logout }', {}, { token: accessToken });
      return `Bearer ${accessToken}`;
    },
    garbage: async () => 'Bearer garbage',
    'of no known scheme': async () => 'Garbage',
  };

  // @see apollographql/apollo-link#993
  it.each(Object.entries(stale))('work with an Authorization header that is %s', async (_, make) => {
    const options = { headers: { authorization: await make() } };
    const owner = await signUp(server);
    expect(await whoAmI(server, undefined, options)).toMatch(/^UNAUTHENTICATED\//);
    const input = { email: newEmail(), password: PASSWORD };
    const operations = `
      mutation Signup($input: SignupInput!) { signup(input: $input) { __typename } }
      mutation Login($input: LoginInput!) { login(input: $input) { __typename } }
      mutation Logout($input: LogoutInput) { logout(input: $input) }`;
    const send = async (operationName: string, variables: object) => {
      const { data, errors } = await server.call(operations, { input: variables }, { ...options, operationName });
      return [data, errors];
    };
    expect(await send('Signup', input)).toEqual([{ signup: { __typename: 'AuthPayload' } }, []]);
    expect(await send('Login', input)).toEqual([{ login: { __typename: 'AuthPayload' } }, []]);
    const { data } = await refresh(server, owner.refreshToken, options);
    expect(await whoAmI(server, data?.refresh.accessToken ?? undefined)).toBe(owner.id);
    expect(await send('Logout', { refreshToken: owner.refreshToken })).toEqual([{ logout: true }, []]);
    expect(await whoAmI(server, data?.refresh.accessToken ?? undefined)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await logIn(server, input.email)).email).toBe(input.email);
  });
});
