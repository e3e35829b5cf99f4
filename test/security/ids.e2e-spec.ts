import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { decodeJwt } from 'jose';
import { logIn, newEmail, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { argumentPlaces, type Filling } from './support/argument-places.js';

const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
/** What the access token of the user says after each operation that takes the id of an account or a session. */
const AFTERWARDS: Record<string, string> = {
  deleteUser: REVOKED,
  disableUser: REVOKED,
  revokeSession: REVOKED,
  revokeUserSessions: REVOKED,
  setUserRoles: 'UNAUTHENTICATED/TOKEN_STALE',
};

const FILLING: Filling = {
  email: newEmail,
  roles: () => [],
  reason: () => 'to see what happens',
  field: () => 'Query.me',
};

const places = argumentPlaces(buildSchema(readFileSync('schema.gql', 'utf8'))).filter(({ type }) => type === 'ID');

interface Body {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** Whose token, and the id that the operation takes. */
async function partiesOf(operation: string): Promise<{ actor: TestUser; user: TestUser; id: string }> {
  const first = await signUp(server);
  const user = await logIn(server, first.email);
  if (operation === 'revokeSession')
    return { actor: first, user, id: decodeJwt<{ sid: string }>(user.accessToken).sid };
  return { actor: await signUpWithRoles(server, 'admin'), user, id: user.id };
}

it.each(places)('$place means the same in capital letters, and it counts at once', async ({ operation, bodyWith }) => {
  const { actor, user, id } = await partiesOf(operation);
  expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  const { query, variables } = JSON.parse(bodyWith(JSON.stringify(id.toUpperCase()), FILLING)) as Body;
  const answer = await server.call(query, variables, { token: actor.accessToken });
  expect({ refusal: refusalOf(answer), isEmpty: Object.values(answer.data ?? {}).includes(null) }).toEqual({
    refusal: undefined,
    isEmpty: false,
  });
  expect(await whoAmI(server, user.accessToken)).toBe(AFTERWARDS[operation] ?? user.id);
});

it.each(['actorId', 'subjectId'])('events are found by their %s in capital letters', async (name) => {
  const { id } = await signUp(server);
  const { accessToken: token } = await signUpWithRoles(server, 'admin');
  const query = 'query ($filter: AuditFilter) { auditEvents(filter: $filter) { nodes { type } } }';
  const { data } = await server.call(query, { filter: { [name]: id.toUpperCase() } }, { token });
  expect(data).toEqual({ auditEvents: { nodes: [{ type: 'user.signed_up' }] } });
});
