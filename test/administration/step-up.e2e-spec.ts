import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { PERMISSIONS } from '../../src/access/permissions.js';
import { ACCESS_MATRIX } from '../access/access-matrix.js';
import {
  logIn,
  newEmail,
  PASSWORD,
  refreshed,
  signUp,
  signUpWithRoles,
  type TestUser,
  withAccounts,
} from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, makeRole, storedUser } from './operations.js';

const NOBODY = '01890000-0000-7000-8000-000000000000';
const REQUIRED = 'UNAUTHENTICATED/REAUTHENTICATION_REQUIRED';

let server: TestServer;
let root: TestUser;
let longAgo: TestUser;
const as = (user: Pick<TestUser, 'accessToken'>) => administer(server, user.accessToken);

beforeAll(async () => {
  server = await TestServer.start();
  root = await signUpWithRoles(server, 'admin');
  server.clock.advance(601);
  longAgo = await refreshed(server, root.refreshToken);
});
afterAll(() => server.stop());

/** Of every mutation that takes a permission, whether its description says that it takes a recent sign-in. */
const fields = Object.values(buildSchema(readFileSync('schema.gql', 'utf8')).getMutationType()?.getFields() ?? {});
const restricted = fields.filter(({ astNode }) =>
  astNode?.directives?.some(({ name, arguments: given = [] }) => name.value === 'auth' && given.length > 0),
);
const described = new Set(
  restricted.flatMap(({ name, description }) => (description?.includes('REAUTHENTICATION_REQUIRED') ? name : [])),
);

/** Where the document of the access matrix changes nothing that takes one. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  createUser: `mutation { createUser(input: { email: "late@example.com", roles: ["user", "admin"] }) { id } }`,
  updateUser: `mutation { updateUser(input: { id: "${NOBODY}", email: "late@example.com" }) { id } }`,
};
const documentOf = (name: string) => DOCUMENTS[name] ?? ACCESS_MATRIX[`Mutation.${name}`]?.document ?? '';
const call = (name: string, { accessToken: token }: Pick<TestUser, 'accessToken'>) =>
  server.call(documentOf(name), {}, { token });

describe('a session whose sign-in is long ago', () => {
  it.each(restricted.map(({ name }) => [name]))('may use %s just as its description says', async (name) => {
    const answer = await call(name, longAgo);
    if (!described.has(name)) {
      expect(refusalOf(answer)).not.toBe(REQUIRED);
      return;
    }
    expect(refusalOf(answer)).toBe(REQUIRED);
    expect(answer.errors[0]?.extensions).toMatchObject({ action: 'REAUTHENTICATE' });
  });

  it('changes no rights, addresses and keys, and does all else', async () => {
    const user = await signUp(server);
    const role = await makeRole(server);
    const disabled = await signUp(server);
    expect((await as(longAgo).disable(disabled.id)).errors).toEqual([]);
    const refused = [
      as(longAgo).setRoles(user.id, ['user', 'admin']),
      as(longAgo).update({ id: user.id, email: newEmail() }),
      as(longAgo).update({ id: user.id, emailVerified: true }),
      as(longAgo).delete(user.id),
      as(longAgo).impersonate(user.id),
      as(longAgo).create({ email: 'late@example.com', roles: ['user', role] }),
      as(longAgo).create({ email: 'late@example.com', password: PASSWORD }),
      as(longAgo).create({ email: 'late@example.com', emailVerified: true }),
      as(longAgo).enable(disabled.id),
      as(longAgo).updateRole({ name: role, permissions: ['users:read'] }),
      as(longAgo).deleteRole(role),
      as(longAgo).rotateKey(),
    ] as Promise<GraphQLAnswer>[];
    expect((await Promise.all(refused)).map(refusalOf)).toEqual(refused.map(() => REQUIRED));
    expect((await storedUser(server, disabled.id))?.disabledAt).toEqual(expect.any(Date));
    expect(await storedUser(server, user.id)).toMatchObject({ email: user.email, emailVerified: false });
    const done = [
      await as(longAgo).update({ id: user.id, name: 'Ada' }),
      await as(longAgo).create({ email: newEmail() }),
      await as(longAgo).createRole({ name: 'made-late', permissions: [] }),
      await as(longAgo).revokeSessions(user.id),
      await as(longAgo).disable(user.id),
    ];
    expect(done.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('may do it after a sign-in, and an operator at the command line at any time', async () => {
    const user = await signUp(server);
    const now = await logIn(server, root.email);
    expect((await as(now).update({ id: user.id, emailVerified: true })).errors).toEqual([]);
    await withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user', 'admin']));
    expect((await storedUser(server, user.id))?.roles.getIdentifiers().sort()).toEqual(['admin', 'user']);
  });
});

describe('whoever acts as a user', () => {
  /** Both may everything. */
  async function acting() {
    const role = await makeRole(server, ...PERMISSIONS);
    const [actor, user] = [await signUpWithRoles(server, role), await signUpWithRoles(server, role)];
    const session = (await as(actor).impersonate(user.id)).data?.['impersonate'];
    if (!session) throw new Error('Nobody acts.');
    return { actor, user, session };
  }

  it('is refused what takes a recent sign-in', async () => {
    const { session } = await acting();
    const names = [...described];
    const answers = await Promise.all(names.map((name) => call(name, session)));
    expect(answers.map(refusalOf)).toEqual(names.map(() => 'FORBIDDEN'));
  });

  it('administers neither the user nor themselves in it, and others as the user could', async () => {
    const { actor, user, session } = await acting();
    for (const { id, email, accessToken } of [actor, user]) {
      const answers = [
        await as(session).update({ id, name: 'Taken' }),
        await as(session).update({ id, email: newEmail() }),
        await as(session).setRoles(id, ['user']),
        await as(session).disable(id),
        await as(session).enable(id),
        await as(session).revokeSessions(id),
        await as(session).delete(id),
      ];
      expect(answers.map(refusalOf)).toEqual(answers.map(() => 'FORBIDDEN'));
      expect(await storedUser(server, id)).toMatchObject({ email, name: null, disabledAt: null });
      expect(await whoAmI(server, accessToken)).toBe(id);
    }
    expect((await as(session).update({ id: (await signUp(server)).id, name: 'Ada' })).errors).toEqual([]);
  });
});

describe('what users do to their own accounts with a proof of who they are', () => {
  it('is not administered: address, confirmation, deletion and sessions', async () => {
    const admin = await signUpWithRoles(server, 'admin');
    const answers = [
      await as(admin).update({ id: admin.id, email: newEmail() }),
      await as(admin).update({ id: admin.id, emailVerified: true, name: 'Thief' }),
      await as(admin).revokeSessions(admin.id),
      await as(admin).delete(admin.id),
    ];
    expect(answers.map(refusalOf)).toEqual(answers.map(() => 'FORBIDDEN'));
    expect(await storedUser(server, admin.id)).toMatchObject({ email: admin.email, emailVerified: false, name: null });
    expect(await whoAmI(server, admin.accessToken)).toBe(admin.id);
    expect((await as(admin).update({ id: admin.id, name: 'Ada' })).errors).toEqual([]);
  });
});
