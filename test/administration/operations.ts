import { randomUUID } from 'node:crypto';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { signUpWithRoles, type TestUser } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import type { TestServer } from '../support/test-server.js';

type Server = Pick<TestServer, 'call'>;

/** Asks for one root field with this token. `arguments_` is what stands between its parentheses. */
export function ask<T = unknown>(
  server: Server,
  token: string | undefined,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<GraphQLAnswer<Record<string, T>>> {
  return server.call<Record<string, T>>(document, variables, { token });
}

export interface AdminView {
  id: string;
  email: string;
  emailVerified: boolean;
  name: string | null;
  roles: string[];
  disabledAt: string | null;
  disabledReason: string | null;
  revision: string;
}

/** What a text that is shown on one line does not hold. */
export const NOT_ON_ONE_LINE: readonly [what: string, text: string][] = [
  ['a turn of direction', 'spam \u202Egnp.exe'],
  ['an isolate', 'spam \u2066seen\u2069'],
  ['an escape', 'spam\u001b[2K'],
  ['a line of its own', 'spam\nroles  admin'],
  ['a zero-width space', 'sp\u200Bam'],
  ['a NUL', 'sp\0am'],
  ['half an emoji', 'spam \ud83d'],
  ['nothing but fillers', '\u3164'],
];

const VIEW = 'id email emailVerified name roles disabledAt disabledReason revision';

/** What administrators do, refused or not. Each answers what it asks for under the name of its root field. */
export const administer = (server: Server, token?: string) => ({
  user: (id: string) => ask<AdminView | null>(server, token, `query ($id: ID!) { user(id: $id) { ${VIEW} } }`, { id }),
  create: (input: object) =>
    ask<AdminView>(server, token, `mutation ($input: CreateUserInput!) { createUser(input: $input) { ${VIEW} } }`, {
      input,
    }),
  update: (input: object, revision?: string) =>
    ask<AdminView>(
      server,
      token,
      `mutation ($input: UpdateUserInput!, $revision: String) { updateUser(input: $input, revision: $revision) { ${VIEW} } }`,
      { input, revision },
    ),
  setRoles: (userId: string, roles: string[], revision?: string) =>
    ask<AdminView>(
      server,
      token,
      `mutation ($userId: ID!, $roles: [String!]!, $revision: String) {
         setUserRoles(userId: $userId, roles: $roles, revision: $revision) { ${VIEW} }
       }`,
      { userId, roles, revision },
    ),
  disable: (id: string, reason?: string) =>
    ask<AdminView>(
      server,
      token,
      `mutation ($id: ID!, $reason: String) { disableUser(id: $id, reason: $reason) { ${VIEW} } }`,
      {
        id,
        reason,
      },
    ),
  enable: (id: string) =>
    ask<AdminView>(server, token, `mutation ($id: ID!) { enableUser(id: $id) { ${VIEW} } }`, { id }),
  delete: (id: string) => ask<boolean>(server, token, 'mutation ($id: ID!) { deleteUser(id: $id) }', { id }),
  revokeSessions: (userId: string) =>
    ask<number>(server, token, 'mutation ($userId: ID!) { revokeUserSessions(userId: $userId) }', { userId }),
  createRole: (input: object) =>
    ask<RoleView>(server, token, `mutation ($input: RoleInput!) { createRole(input: $input) { ${ROLE} } }`, { input }),
  updateRole: (input: object, revision?: string) =>
    ask<RoleView>(
      server,
      token,
      `mutation ($input: RoleInput!, $revision: String) { updateRole(input: $input, revision: $revision) { ${ROLE} } }`,
      { input, revision },
    ),
  deleteRole: (name: string, replacement?: string) =>
    ask<boolean>(
      server,
      token,
      'mutation ($name: String!, $replacement: String) { deleteRole(name: $name, replacement: $replacement) }',
      { name, replacement },
    ),
  impersonate: (userId: string, reason = 'ticket 4711') =>
    ask<Impersonation>(
      server,
      token,
      `mutation ($userId: ID!, $reason: String!) {
         impersonate(userId: $userId, reason: $reason) {
           accessToken refreshToken expiresIn refreshExpiresAt user { id } session { id impersonated current }
         }
       }`,
      { userId, reason },
    ),
  rotateKey: () => ask<{ kid: string }>(server, token, 'mutation { rotateSigningKey { kid } }'),
});

const ROLE = 'name description permissions builtIn userCount revision';

export interface RoleView {
  name: string;
  description: string | null;
  permissions: string[];
  builtIn: boolean;
  userCount: number;
  revision: string;
}

export interface Impersonation {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
  refreshExpiresAt: string;
  user: { id: string };
  session: { id: string; impersonated: boolean; current: boolean };
}

/** A role with these permissions, and a name that nothing else has. */
export async function makeRole(server: TestServer, ...permissions: string[]): Promise<string> {
  const name = `role-${randomUUID()}`;
  const em = server.em();
  em.create(Role, { name, permissions, createdAt: new Date() });
  await em.flush();
  return name;
}

/** Somebody who holds these permissions by a role of their own, besides `user`. */
export async function signUpWithPermissions(server: TestServer, ...permissions: string[]): Promise<TestUser> {
  return signUpWithRoles(server, await makeRole(server, ...permissions));
}

/** What is stored of an account. */
export const storedUser = (server: TestServer, id: string): Promise<User | null> =>
  server.em().findOne(User, { id }, { populate: ['roles'] });
