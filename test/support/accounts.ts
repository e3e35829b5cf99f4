import { randomUUID } from 'node:crypto';
import { AccountAdministration } from '../../src/administration/account-administration.service.js';
import { OPERATOR } from '../../src/administration/authority.js';
import { MikroORM, RequestContext } from '@mikro-orm/core';
import type { CallOptions, GraphQLAnswer } from './graphql-client.js';
import type { TestServer } from './test-server.js';

export const PASSWORD = 'correct horse battery staple';

/** A server in this process or in one of its own. */
type Caller = Pick<TestServer, 'call'>;

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export interface TestUser extends Tokens {
  id: string;
  email: string;
  sessionId: string;
}

export const newEmail = (): string => `user-${randomUUID()}@example.com`;

const PAYLOAD = `... on AuthPayload { accessToken refreshToken user { id email } session { id } }`;
const SIGNUP = `mutation Signup($input: SignupInput!) { signup(input: $input) { ${PAYLOAD} } }`;
const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { ${PAYLOAD} } }`;
const REFRESH = `mutation Refresh($input: RefreshInput) { refresh(input: $input) { ${PAYLOAD} } }`;

interface Payload extends Tokens {
  user: { id: string; email: string };
  session: { id: string };
}

/** Signs a new user up over GraphQL. Fails the test when the server refuses. */
export async function signUp(server: Caller, email = newEmail(), password = PASSWORD): Promise<TestUser> {
  return userOf(await server.call<{ signup: Payload }>(SIGNUP, { input: { email, password } }), 'signup');
}

/** Signs up somebody whose address is confirmed. */
export async function signUpConfirmed(server: TestServer, email = newEmail()): Promise<TestUser> {
  const user = await signUp(server, email);
  await withAccounts(server, (accounts) => accounts.markEmailVerified(email));
  return user;
}

/** Signs the user in once more, as another device. */
export async function logIn(server: Caller, email: string, password = PASSWORD): Promise<TestUser> {
  return userOf(await server.call<{ login: Payload }>(LOGIN, { input: { email, password } }), 'login');
}

/** One refresh, refused or not. */
export function refresh(
  server: Caller,
  refreshToken: string,
  options?: CallOptions,
): Promise<GraphQLAnswer<{ refresh: Payload }>> {
  return server.call<{ refresh: Payload }>(REFRESH, { input: { refreshToken } }, options);
}

/** A refresh that must succeed. */
export async function refreshed(server: Caller, refreshToken: string): Promise<TestUser> {
  return userOf(await refresh(server, refreshToken), 'refresh');
}

/** A new user who holds these roles besides `user`, with tokens that carry them. */
export async function signUpWithRoles(server: TestServer, ...roles: string[]): Promise<TestUser> {
  const user = await signUp(server);
  await withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user', ...roles]));
  return logIn(server, user.email);
}

/** What an operator does to accounts. */
const operating = (accounts: AccountAdministration) => ({
  setRoles: (email: string, names: string[]) => accounts.setRoles({ email }, names, OPERATOR),
  disable: (email: string, reason: string | null) => accounts.disable({ email }, reason, OPERATOR),
  enable: (email: string) => accounts.enable({ email }, OPERATOR),
  markEmailVerified: (email: string) => accounts.update({ email }, { emailVerified: true }, OPERATOR),
});

/** Changes accounts the way an operator does. */
export function withAccounts<T>(
  server: TestServer,
  change: (accounts: ReturnType<typeof operating>) => Promise<T>,
): Promise<T> {
  const accounts = server.app.get(AccountAdministration);
  return RequestContext.create(server.app.get(MikroORM).em, () => change(operating(accounts)));
}

function userOf<K extends string>(answer: GraphQLAnswer<Record<K, Payload>>, field: K): TestUser {
  const payload = answer.data?.[field];
  if (!payload) throw new Error(`${field} was refused: ${answer.text}`);
  const { accessToken, refreshToken, user, session } = payload;
  return { accessToken, refreshToken, id: user.id, email: user.email, sessionId: session.id };
}
