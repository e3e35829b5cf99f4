import { decodeJwt } from 'jose';
import { Session } from '../../src/sessions/session.entity.js';
import { refresh, refreshed, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, type Impersonation } from './operations.js';

const IDLE = 600;
const ABSOLUTE = 1_200;

let server: TestServer;
let admin: TestUser;
let begun: number;
const settings = { ACCESS_TOKEN_TTL: '300', REFRESH_TOKEN_TTL: String(IDLE), SESSION_MAX_AGE: String(ABSOLUTE) };

beforeAll(async () => {
  server = await TestServer.start({ env: settings });
  server.clock.freeze();
});
beforeEach(async () => {
  admin = await signUpWithRoles(server, 'admin');
  begun = server.clock.now().getTime();
});
afterAll(() => server.stop());

/** Seconds since the sign-in of the administrator. */
const sinceSignIn = (moment: Date | string) => (new Date(moment).getTime() - begun) / 1000;
const goTo = (seconds: number) => {
  server.clock.advance(seconds - sinceSignIn(server.clock.now()));
};

async function actAs(user: TestUser): Promise<Impersonation> {
  const { data, errors } = await administer(server, admin.accessToken).impersonate(user.id);
  expect(errors).toEqual([]);
  return data?.['impersonate'] as Impersonation;
}

async function endsOf({ accessToken }: { accessToken: string }, { session }: Impersonation) {
  const { expiresAt } = await server.em().findOneOrFail(Session, session.id);
  const { exp = 0 } = decodeJwt(accessToken);
  return { session: sinceSignIn(expiresAt), accessToken: Math.ceil(sinceSignIn(new Date(exp * 1000))) };
}

describe('a session in which an administrator acts as a user', () => {
  it('is over, with its tokens, when the one that opened it ends by itself', async () => {
    const user = await signUp(server);
    goTo(299);
    const acting = await actAs(user);
    expect(sinceSignIn(acting.refreshExpiresAt)).toBe(IDLE);
    goTo(400);
    const next = await refreshed(server, acting.refreshToken);
    expect(await endsOf(next, acting)).toEqual({ session: IDLE, accessToken: IDLE });
    goTo(IDLE - 1);
    expect(await whoAmI(server, next.accessToken)).toBe(user.id);
    goTo(IDLE);
    expect(await whoAmI(server, next.accessToken)).toBe('UNAUTHENTICATED/SESSION_EXPIRED');
    expect(refusalOf(await refresh(server, next.refreshToken))).toMatch(/^UNAUTHENTICATED\/.*EXPIRED$/);
  });

  it('goes on as long as that one does, by a refresh of both, and never longer', async () => {
    const user = await signUp(server);
    goTo(299);
    const acting = await actAs(user);
    goTo(500);
    const own = await refreshed(server, admin.refreshToken);
    const second = await refreshed(server, acting.refreshToken);
    expect(await endsOf(second, acting)).toEqual({ session: 500 + IDLE, accessToken: 800 });
    goTo(1_000);
    await refreshed(server, own.refreshToken);
    const third = await refreshed(server, second.refreshToken);
    expect(await endsOf(third, acting)).toEqual({ session: ABSOLUTE, accessToken: ABSOLUTE });
    goTo(ABSOLUTE);
    expect(await whoAmI(server, third.accessToken)).toBe('UNAUTHENTICATED/SESSION_EXPIRED');
  });
});
