import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import type { AuditEventType } from '../../src/audit/audit-events.js';
import { LifecycleServer } from '../lifecycle/operations.js';
import { newEmail, PASSWORD, refresh, signUp } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import type { TestServer } from '../support/test-server.js';
import { CookieClient, signedUpWithCookies } from './cookie-client.js';

const SIGN_IN = {
  signup: 'mutation ($input: SignupInput!) { done: signup(input: $input) { __typename } }',
  login: 'mutation ($input: LoginInput!) { done: login(input: $input) { __typename } }',
  'magic link': 'mutation ($input: MagicLinkInput!) { done: loginWithMagicLink(input: $input) { __typename } }',
};
type Way = keyof typeof SIGN_IN;
const WAYS = Object.keys(SIGN_IN) as Way[];

describe('a sign-in with cookies', () => {
  let mails: LifecycleServer;
  let server: TestServer;
  beforeAll(async () => {
    mails = await LifecycleServer.start();
    ({ server } = mails);
  });
  afterAll(() => mails.stop());

  const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
  const accessOf = ({ jar }: CookieClient) => jar.value('latchkey-access') ?? '';
  const refreshOf = ({ jar }: CookieClient) => jar.value('latchkey-refresh') ?? '';

  /** What somebody signs in with who has nothing to do with the browser so far. */
  async function inputFor(way: Way): Promise<Record<string, unknown>> {
    if (way === 'signup') return { email: newEmail(), password: PASSWORD };
    const { email } = await signUp(server);
    if (way === 'login') return { email, password: PASSWORD };
    await server.call('mutation ($email: String!) { requestMagicLink(email: $email) }', { email });
    return { token: await mails.tokenFor(email) };
  }
  const signIn = async (client: CookieClient, way: Way, input: object = {}, headers?: Record<string, string>) =>
    client.call<{ done: unknown }>(
      SIGN_IN[way],
      { input: { ...(await inputFor(way)), transport: 'COOKIE', ...input } },
      headers,
    );
  const events = (userId: string, type: AuditEventType) => server.em().count(AuditEvent, { subjectId: userId, type });

  it.each(WAYS)('by %s ends the session whose cookies it replaces, also of another user', async (way) => {
    const client = await signedUpWithCookies(server);
    const [access, refreshToken] = [accessOf(client), refreshOf(client)];
    const elsewhere = new CookieClient(server);
    await elsewhere.call(SIGN_IN.login, { input: { email: client.email, password: PASSWORD, transport: 'COOKIE' } });

    expect((await signIn(client, way)).errors).toEqual([]);
    expect(await whoAmI(server, access)).toBe(REVOKED);
    expect(refusalOf(await refresh(server, refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
    // It is a logout, and neither a theft nor a reason to end what goes on elsewhere.
    expect(await events(client.userId, 'user.logged_out')).toBe(1);
    expect(await events(client.userId, 'session.refresh_reused')).toBe(0);
    expect((await elsewhere.me()).data).toEqual({ me: { id: client.userId } });
    expect((await client.me()).errors).toEqual([]);
  });

  it('as the same user ends it as well', async () => {
    const client = await signedUpWithCookies(server);
    const access = accessOf(client);
    await client.logIn();
    expect(await whoAmI(server, access)).toBe(REVOKED);
    expect((await client.me()).data).toEqual({ me: { id: client.userId } });
  });

  it('ends it by the refresh cookie alone, when the other one is over', async () => {
    const client = await signedUpWithCookies(server);
    const access = accessOf(client);
    client.jar.drop('latchkey-access');
    await client.logIn();
    expect(await whoAmI(server, access)).toBe(REVOKED);
  });

  it.each([
    ['is refused', { password: 'not the password at all' }, undefined],
    ['keeps its tokens itself', { transport: 'BODY' }, undefined],
    ['comes from a strange origin', {}, { origin: 'https://evil.example' }],
  ])('that %s ends nothing', async (_, input, headers) => {
    const client = await signedUpWithCookies(server);
    const access = accessOf(client);
    const cookie = client.jar.header;
    await signIn(client, 'login', input, { origin: 'http://localhost:5173', cookie, ...headers });
    expect(await whoAmI(server, access)).toBe(client.userId);
  });

  it('ends nothing for a token in the Authorization header, which it does not replace', async () => {
    const other = await signUp(server);
    await signIn(new CookieClient(server), 'login', {}, { authorization: `Bearer ${other.accessToken}` });
    expect(await whoAmI(server, other.accessToken)).toBe(other.id);
  });
});
