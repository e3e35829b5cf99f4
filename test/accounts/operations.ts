import { jest } from '@jest/globals';
import { newId } from '../../src/common/ids.js';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { Role } from '../../src/roles/role.entity.js';
import { User } from '../../src/users/user.entity.js';
import { newEmail, PASSWORD } from '../support/accounts.js';
import type { CallOptions, GraphQLAnswer } from '../support/graphql-client.js';
import type { TestServer } from '../support/test-server.js';

const OUTCOME = '__typename ... on AuthPayload { user { id email name } } ... on EmailVerificationRequired { email }';
const SIGNUP = `mutation ($input: SignupInput!) { signup(input: $input) { ${OUTCOME} } }`;
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${OUTCOME} } }`;

export interface Outcome {
  __typename: string;
  user?: { id: string; email: string; name: string | null };
  email?: string;
}

/** One sign-up, refused or not. What `input` leaves out is in order. */
export function trySignup(
  server: TestServer,
  input: Record<string, unknown>,
): Promise<GraphQLAnswer<{ signup: Outcome }>> {
  return server.call(SIGNUP, { input: { email: newEmail(), password: PASSWORD, ...input } });
}

/** One login, refused or not. */
export function tryLogin(
  server: TestServer,
  email: unknown,
  password: unknown = PASSWORD,
  options?: CallOptions,
): Promise<GraphQLAnswer<{ login: Outcome }>> {
  return server.call(LOGIN, { input: { email, password } }, options);
}

/** A user as a migration from another system writes one. */
export async function importUser(server: TestServer, passwordHash: string | null): Promise<User> {
  const em = server.em();
  const user = em.create(User, {
    id: newId(),
    email: newEmail(),
    passwordHash,
    emailVerified: true,
    version: 1,
    roles: [em.getReference(Role, 'user')],
    createdAt: new Date(),
  });
  await em.flush();
  return user;
}

/** The refused fields and why. */
export const fieldsOf = ({ errors: [error] }: GraphQLAnswer): unknown => error?.extensions.fields;

/** How many password hashes the server computes while `work` is done. */
export async function hashesOf(server: TestServer, work: () => Promise<unknown>): Promise<number> {
  const run = jest.spyOn(server.app.get(HashingQueue), 'run');
  try {
    await work();
    return run.mock.calls.length;
  } finally {
    run.mockRestore();
  }
}
