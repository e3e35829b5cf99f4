import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { ACCESS_MATRIX, type AccessRow, type Caller, NOT_ABOUT_ACCESS } from '../access/access-matrix.js';
import { logIn, PASSWORD, signUp, signUpWithRoles, type TestUser, withAccounts } from '../support/accounts.js';
import { ForkModule } from '../support/fork.module.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { type Way, waysTo } from './support/ways-to-a-field.js';

type State = 'garbage' | 'stale' | 'revoked' | 'disabled' | 'deleted' | 'expired';

const REASONS: Record<State, string> = {
  garbage: 'TOKEN_INVALID',
  stale: 'TOKEN_STALE',
  revoked: 'TOKEN_REVOKED',
  disabled: 'TOKEN_REVOKED',
  deleted: 'TOKEN_REVOKED',
  expired: 'TOKEN_EXPIRED',
};

let server: TestServer;
type SignedIn = Exclude<Caller, 'anonymous'>;

const users = {} as Record<SignedIn, TestUser>;
/** The same roles once more, for rows that end the sessions of whoever asks. */
const doubles = {} as Record<SignedIn, TestUser>;
/** Of administrators, who could read everything but for their state. */
const badTokens = {} as Record<State, string>;

beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule] });
  await server.em().insert(Role, { name: 'reader', permissions: ['users:read'], createdAt: new Date() });
  for (const made of [users, doubles]) {
    made.user = await signUp(server);
    made.reader = await signUpWithRoles(server, 'reader');
    made.admin = await signUpWithRoles(server, 'admin');
  }
  await makeBadTokens();
});
afterAll(() => server.stop());

async function makeBadTokens(): Promise<void> {
  const lifetime = server.env.ACCESS_TOKEN_TTL + server.env.CLOCK_TOLERANCE_SECONDS;
  const admin = () => signUpWithRoles(server, 'admin');
  const [stale, revoked, disabled, deleted] = [await admin(), await admin(), await admin(), await admin()];
  await withAccounts(server, (accounts) => accounts.setRoles(stale.email, ['user']));
  await server.call('mutation { logout }', {}, { token: revoked.accessToken });
  await withAccounts(server, (accounts) => accounts.disable(disabled.email, null));
  await server.em().nativeDelete(User, { id: deleted.id });
  server.clock.advance(-lifetime);
  const expired = await admin();
  server.clock.advance(lifetime);
  const tokens = { stale, revoked, disabled, deleted, expired };
  for (const [state, { accessToken }] of Object.entries(tokens)) badTokens[state as State] = accessToken;
  badTokens.garbage = 'garbage';
}

const rows = Object.entries(ACCESS_MATRIX);

const ENDS_SESSIONS = ['Mutation.logout', 'Mutation.revokeSession', 'Mutation.revokeOtherSessions'];

async function tokenOf(field: string, caller: Caller): Promise<string | undefined> {
  if (caller === 'anonymous') return undefined;
  if (!ENDS_SESSIONS.includes(field)) return users[caller].accessToken;
  return (await logIn(server, doubles[caller].email)).accessToken;
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | null | undefined)?.[key],
    data,
  );
}

/** The outcome of one way: the refusal at its path or above, or that there was data. */
function outcomeOf(answer: GraphQLAnswer, { path }: Pick<Way, 'path'>): string {
  const refused = answer.errors.find((error) => (error.path ?? []).every((key, index) => key === path[index]));
  const refusal = refused && refusalOf({ errors: [refused] });
  if (refusal !== undefined && !NOT_ABOUT_ACCESS.includes(refusal)) {
    // What is refused is not there, neither under this name nor at all.
    expect(valueAt(answer.data, path) ?? null).toBeNull();
    return refusal;
  }
  return 'data';
}

const ask = (way: Way, token?: string) => server.call(way.document, way.variables, { token });

describe('every way to a field leads to the same decision', () => {
  describe.each(rows)('%s', (field, row) => {
    it.each(Object.entries(row.expected) as [Caller, string][])('%s: %s', async (caller, expected) => {
      for (const way of waysTo(row)) {
        const answer = await ask(way, await tokenOf(field, caller));
        const outcome = outcomeOf(answer, way);
        if (way.isExecuted) expect({ way: way.name, outcome }).toEqual({ way: way.name, outcome: expected });
        else expectNotExecuted(answer, way, row, caller);
      }
    });

    if (row.expected.anonymous !== 'data') {
      it.each(Object.entries(REASONS) as [State, string][])('with a token that is %s: %s', async (state, reason) => {
        for (const way of waysTo(row).filter(({ isExecuted }) => isExecuted)) {
          const outcome = outcomeOf(await ask(way, badTokens[state]), way);
          expect({ way: way.name, outcome }).toEqual({ way: way.name, outcome: `UNAUTHENTICATED/${reason}` });
        }
      });
    }
  });
});

/** What is not executed is not decided about, and does nothing. What is around it is decided as ever. */
function expectNotExecuted(answer: GraphQLAnswer, way: Way, { path }: AccessRow, caller: Caller): void {
  const own = answer.errors.filter((error) => error.path?.length === path.length && path.length > 0);
  const isParentRefused = path.length > 1 && caller === 'anonymous';
  expect({ way: way.name, own }).toEqual({ way: way.name, own: [] });
  if (!isParentRefused) expect(answer.errors).toEqual([]);
}

describe('a restricted field of User', () => {
  const restricted = rows.filter(([field]) => field.startsWith('User.'));

  /** Where a `User` comes from, beside `me`: whose, and who the caller is there. */
  const PLACES: [place: string, document: (selection: string, user: TestUser) => string, path: (string | number)[]][] =
    [
      [
        'below the payload of login',
        (it, { email }) =>
          `mutation { login(input: { email: "${email}", password: "${PASSWORD}" }) { ... on AuthPayload { user { ${it} } } } }`,
        ['login', 'user'],
      ],
      [
        'below the payload of refresh',
        (it, { refreshToken }) => `mutation { refresh(input: { refreshToken: "${refreshToken}" }) { user { ${it} } } }`,
        ['refresh', 'user'],
      ],
      ['below a list that everybody sees', (it) => `{ publicDirectory { ${it} } }`, ['publicDirectory', 0]],
    ];

  describe.each(PLACES)('%s', (_, documentOf, place) => {
    it.each(restricted)('%s is decided like everywhere', async (_field, { document, expected }) => {
      const selection = document.replace(/^\{ me \{ (.*) \} \}$/, '$1');
      const name = selection.split(' ')[0] ?? '';
      for (const caller of ['user', 'reader', 'admin'] as const) {
        const user = await logIn(server, users[caller].email);
        const answer = await server.call(documentOf(selection, user), {}, { token: user.accessToken });
        const path = [...place, name];
        expect({ caller, outcome: outcomeOf(answer, { path }) }).toEqual({
          caller,
          outcome: decisionFor(name, caller, expected, place),
        });
      }
    });
  });

  /** `permissions` are of oneself, or need `users:read`; the first of the list is another. */
  function decisionFor(field: string, caller: Caller, expected: AccessRow['expected'], [root]: (string | number)[]) {
    return field === 'permissions' && root === 'publicDirectory' && caller === 'user' ? 'FORBIDDEN' : expected[caller];
  }
});
