import { newId } from '../../src/common/ids.js';
import { logIn, newEmail, signUp, signUpWithRoles, type TestUser, withAccounts } from '../support/accounts.js';
import { tryLogin, trySignup } from '../accounts/operations.js';
import { eventually } from '../support/eventually.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, ask } from './operations.js';

interface Event {
  id: string;
  at: string;
  type: string;
  actorId: string | null;
  subjectId: string | null;
  ipAddress: string | null;
  userAgent: string | null;
  details: object | null;
}

interface Page {
  nodes: Event[];
  edges: { cursor: string; node: Event }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
}

const EVENT = '{ id at type actorId subjectId ipAddress userAgent details }';
const FIELDS = `nodes ${EVENT} edges { cursor node ${EVENT} } pageInfo { hasNextPage hasPreviousPage endCursor }`;

let server: TestServer;
let root: TestUser;
beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

const events = (variables: object = {}, token = root.accessToken) =>
  ask<Page>(
    server,
    token,
    `query ($first: Int, $after: String, $filter: AuditFilter) { auditEvents(first: $first, after: $after, filter: $filter) { ${FIELDS} } }`,
    { ...variables },
  );

const own = (user: TestUser, variables: object = {}, of = server) =>
  ask<Page>(
    of,
    user.accessToken,
    `query ($first: Int, $after: String) { myAuditEvents(first: $first, after: $after) { ${FIELDS} } }`,
    { ...variables },
  );

async function page(answer: ReturnType<typeof events>, field = 'auditEvents'): Promise<Page> {
  const { data, errors } = await answer;
  expect(errors).toEqual([]);
  return data?.[field] as Page;
}

describe('auditEvents', () => {
  it('tells what happened, the newest first, a page at a time', async () => {
    const user = await signUp(server);
    for (let index = 0; index < 5; index++) await logIn(server, user.email);
    const filter = { subjectId: user.id };
    const all = await page(events({ filter }));
    expect(all.nodes.map(({ type }) => type)).toEqual([
      ...Array.from({ length: 5 }, () => 'user.logged_in'),
      'user.signed_up',
    ]);
    expect(all.nodes[0]).toMatchObject({
      actorId: user.id,
      subjectId: user.id,
      ipAddress: '127.0.0.1',
      details: { amr: ['pwd'] },
    });
    const found: string[] = [];
    let after: string | null = null;
    do {
      const next: Page = await page(events({ filter, first: 2, after }));
      found.push(...next.nodes.map(({ id }) => id));
      after = next.pageInfo.hasNextPage ? next.pageInfo.endCursor : null;
    } while (after !== null);
    expect(found).toEqual(all.nodes.map(({ id }) => id));
    expect(all.edges.map(({ node }) => node.id)).toEqual(found);
  });

  it.each([
    ['type', () => ({ type: 'user.login_failed' }), (event: Event) => event.type === 'user.login_failed'],
    ['actor', () => ({ actorId: root.id }), (event: Event) => event.actorId === root.id],
    ['subject', () => ({ subjectId: root.id }), (event: Event) => event.subjectId === root.id],
  ])('are filtered by %s', async (_, filter, test) => {
    const user = await signUp(server);
    await tryLogin(server, user.email, 'wrong password');
    await administer(server, root.accessToken).disable(user.id);
    const all = await page(events({ first: 100 }));
    const expected = all.nodes.filter(test);
    expect(expected.length).toBeGreaterThan(0);
    expect((await page(events({ first: 100, filter: filter() }))).nodes).toEqual(expected);
  });

  it('are filtered by time', async () => {
    const before = server.clock.now();
    server.clock.advance(60);
    const user = await signUp(server);
    const nodes = (await page(events({ filter: { after: before } }))).nodes;
    expect(nodes.map(({ subjectId }) => subjectId)).toContain(user.id);
    const earlier = (await page(events({ first: 100, filter: { before } }))).nodes;
    expect(earlier.map(({ subjectId }) => subjectId)).not.toContain(user.id);
  });

  it.each([
    [{ filter: { type: 'nothing' } }, 'filter.type'],
    [{ filter: { actorId: 'nobody' } }, 'filter.actorId'],
    [{ filter: { subjectId: '' } }, 'filter.subjectId'],
    [{ first: 101 }, 'first'],
    [{ after: 'garbage' }, 'after'],
  ])('refuse %j', async (variables, path) => {
    const answer = await events(variables);
    expect(refusalOf(answer)).toBe('BAD_USER_INPUT');
    expect(answer.errors[0]?.extensions.fields?.map((field) => field.path)).toEqual([path]);
  });

  it('of nobody are an empty page', async () => {
    expect((await page(events({ filter: { subjectId: newId() } }))).nodes).toEqual([]);
  });
});

describe('myAuditEvents', () => {
  it('are those about the caller and nobody else', async () => {
    const user = await signUp(server);
    await tryLogin(server, user.email, 'wrong password');
    await administer(server, root.accessToken).update({ id: user.id, name: 'Ada' });
    const { nodes } = await page(own(user), 'myAuditEvents');
    expect(nodes.map(({ type, actorId }) => ({ type, actorId }))).toEqual([
      { type: 'user.updated', actorId: root.id },
      { type: 'user.login_failed', actorId: null },
      { type: 'user.signed_up', actorId: user.id },
    ]);
    expect(nodes.every(({ subjectId }) => subjectId === user.id)).toBe(true);
  });

  it('have the addresses and devices of sessions of the account alone: of no other client', async () => {
    const ended = await signUp(server);
    await server.call('mutation { logout }', {}, { token: ended.accessToken });
    expect(refusalOf(await own(ended))).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    const user = await logIn(server, ended.email);
    await tryLogin(server, user.email, 'wrong password');
    await server.call(`mutation { requestPasswordReset(email: "${user.email}") }`);
    const everything = async () => (await page(events({ filter: { subjectId: user.id } }))).nodes;
    await eventually('the link is sent', async () => (await everything()).length === 6);
    await administer(server, root.accessToken).update({ id: user.id, name: 'Ada' });
    for (const { ipAddress } of await everything()) expect(ipAddress).toBe('127.0.0.1');
    const { nodes, edges } = await page(own(user), 'myAuditEvents');
    for (const seen of [nodes, edges.map(({ node }) => node)]) {
      expect(seen.map(({ type, ipAddress }) => ({ type, ipAddress }))).toEqual([
        { type: 'user.updated', ipAddress: null },
        { type: 'user.link_requested', ipAddress: null },
        { type: 'user.login_failed', ipAddress: null },
        { type: 'user.logged_in', ipAddress: '127.0.0.1' },
        { type: 'access.refused', ipAddress: null },
        { type: 'user.logged_out', ipAddress: '127.0.0.1' },
        { type: 'user.signed_up', ipAddress: '127.0.0.1' },
      ]);
      for (const { ipAddress, userAgent } of seen) expect(userAgent === null).toBe(ipAddress === null);
    }
  });

  it('are paged', async () => {
    const user = await signUp(server);
    await logIn(server, user.email);
    const first = await page(own(user, { first: 1 }), 'myAuditEvents');
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const next = await page(own(user, { first: 1, after: first.pageInfo.endCursor }), 'myAuditEvents');
    expect([...first.nodes, ...next.nodes].map(({ type }) => type)).toEqual(['user.logged_in', 'user.signed_up']);
  });

  it('have no address of a client that only signed up: it may have mistyped the address of another', async () => {
    const confirming = await TestServer.start({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' } });
    const email = newEmail();
    await trySignup(confirming, { email });
    await withAccounts(confirming, (accounts) => accounts.markEmailVerified(email));
    const user = await logIn(confirming, email);
    const { nodes } = await page(own(user, {}, confirming), 'myAuditEvents');
    expect(nodes.map(({ type, ipAddress }) => ({ type, ipAddress }))).toEqual([
      { type: 'user.logged_in', ipAddress: '127.0.0.1' },
      { type: 'user.email_verified', ipAddress: null },
      { type: 'user.signed_up', ipAddress: null },
    ]);
    await confirming.stop();
  });
});
