import { logIn, refresh, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, signUpWithPermissions } from './operations.js';

interface Event {
  readonly type: string;
  readonly actorId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

const AGENT = { headers: { 'user-agent': 'Workstation of the administrator' } };

let server: TestServer;
let agent: TestUser;
let user: TestUser;
beforeAll(async () => {
  server = await TestServer.start({ env: { REFRESH_GRACE_SECONDS: '10' } });
});
beforeEach(async () => {
  agent = await signUpWithPermissions(server, 'users:impersonate');
  user = await signUp(server);
});
afterAll(() => server.stop());

async function acting() {
  const tokens = (await administer(server, agent.accessToken).impersonate(user.id)).data?.['impersonate'];
  if (!tokens) throw new Error('Nobody acts.');
  return tokens;
}

async function eventsOf(type: string): Promise<readonly Event[]> {
  const answer = await server.call<{ myAuditEvents: { nodes: Event[] } }>(
    '{ myAuditEvents(first: 20) { nodes { type actorId ipAddress userAgent } } }',
    {},
    { token: user.accessToken },
  );
  return (answer.data?.myAuditEvents.nodes ?? []).filter((event) => event.type === type);
}
const byAgent = (type: string): Event => ({ type, actorId: agent.id, ipAddress: null, userAgent: null });

describe('what is refused to an administrator after they acted as a user', () => {
  it('is theirs in the trail, and does not show the user where they are: the access token', async () => {
    const tokens = await acting();
    await server.call(`mutation { revokeSession(id: "${tokens.session.id}") }`, {}, { token: user.accessToken });
    const answer = await server.call('{ me { id } }', {}, { token: tokens.accessToken, ...AGENT });
    expect(refusalOf(answer)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect(await eventsOf('access.refused')).toEqual([byAgent('access.refused')]);
  });

  it('is theirs in the trail, and does not show the user where they are: a token that has expired', async () => {
    const tokens = await acting();
    server.clock.advance(3_600);
    expect(refusalOf(await server.call('{ me { id } }', {}, { token: tokens.accessToken, ...AGENT }))).toBe(
      'UNAUTHENTICATED/TOKEN_EXPIRED',
    );
    const { accessToken } = await logIn(server, user.email);
    user = { ...user, accessToken };
    expect(await eventsOf('access.refused')).toEqual([byAgent('access.refused')]);
  });

  it('is theirs in the trail, and does not show the user where they are: a refresh token that comes again', async () => {
    const tokens = await acting();
    expect(refusalOf(await refresh(server, tokens.refreshToken, AGENT))).toBeUndefined();
    server.clock.advance(60);
    expect(refusalOf(await refresh(server, tokens.refreshToken, AGENT))).toMatch(/^UNAUTHENTICATED/);
    expect(await eventsOf('session.refresh_reused')).toEqual([byAgent('session.refresh_reused')]);
    expect(await eventsOf('access.refused')).toEqual([byAgent('access.refused')]);
  });
});
