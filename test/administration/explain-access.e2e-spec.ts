import { Module } from '@nestjs/common';
import { newId } from '../../src/common/ids.js';
import { ACCESS_MATRIX } from '../access/access-matrix.js';
import { signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { ForkModule } from '../support/fork.module.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, ask, signUpWithPermissions } from './operations.js';

interface Explanation {
  rule: string | null;
  decision: string;
  missing: string[];
}

let looks = 0;
/** Counts how often somebody looks for resolvers in it. */
const PROVIDER = new Proxy(
  {},
  {
    getPrototypeOf: (target) => {
      looks += 1;
      return Reflect.getPrototypeOf(target);
    },
  },
);

@Module({ providers: [{ provide: 'looked-at', useValue: PROVIDER }] })
class LookedAtModule {}

let server: TestServer;
let root: TestUser;
beforeAll(async () => {
  server = await TestServer.start({ imports: [ForkModule, LookedAtModule] });
  root = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

const explain = (userId: string, field: string) =>
  ask<Explanation>(
    server,
    root.accessToken,
    'query ($userId: ID!, $field: String!) { explainAccess(userId: $userId, field: $field) { rule decision missing } }',
    { userId, field },
  );

const explained = async (userId: string, field: string) => (await explain(userId, field)).data?.['explainAccess'];

describe('explainAccess', () => {
  it('names the permission that is missing, the roles of which one would do, or the account', async () => {
    const user = await signUp(server);
    expect(await explained(user.id, 'Query.users')).toEqual({
      rule: '@auth(permissions: ["users:read"])',
      decision: 'PERMISSION_MISSING',
      missing: ['users:read'],
    });
    expect(await explained(user.id, 'Mutation.adminAction')).toEqual({
      rule: '@auth(roles: ["admin","auditor"])',
      decision: 'ROLE_MISSING',
      missing: ['admin', 'auditor'],
    });
    expect(await explained(user.id, 'Query.me')).toEqual({ rule: '@auth', decision: 'ALLOWED', missing: [] });
    expect(await explained(user.id, 'Mutation.login')).toEqual({ rule: null, decision: 'ALLOWED', missing: [] });
    expect(await explained(user.id, 'User.email')).toEqual({ rule: null, decision: 'ALLOWED', missing: [] });
    await administer(server, root.accessToken).disable(user.id);
    expect(await explained(user.id, 'Query.me')).toEqual({ rule: '@auth', decision: 'ACCOUNT_DISABLED', missing: [] });
    expect(await explained(user.id, 'Mutation.login')).toMatchObject({ decision: 'ALLOWED' });
  });

  it('says what the guards do, for every field and kind of caller of the access matrix', async () => {
    const users = {
      user: await signUp(server),
      reader: await signUpWithPermissions(server, 'users:read'),
      admin: root,
    };
    for (const [field, { expected }] of Object.entries(ACCESS_MATRIX)) {
      for (const caller of ['user', 'reader', 'admin'] as const) {
        const decision = (await explained(users[caller].id, field))?.decision;
        const isAllowed = expected[caller] === 'data';
        expect({ field, caller, isAllowed: decision === 'ALLOWED' }).toEqual({ field, caller, isAllowed });
      }
    }
  });

  it('looks for the rules while the server starts, and at no request', async () => {
    const before = looks;
    expect(before).toBeGreaterThan(0);
    const user = await signUp(server);
    expect(await explained(user.id, 'Mutation.createUser')).toMatchObject({ decision: 'PERMISSION_MISSING' });
    expect(await explained(user.id, 'Query.me')).toMatchObject({ decision: 'ALLOWED' });
    expect(looks).toBe(before);
  });

  it.each([
    '',
    'Query',
    'Query.nothing',
    'Nothing.me',
    'Query.me.id',
    'Query.constructor',
    '__proto__.x',
    'UserFilter.search',
  ])('does not know the field %j', async (field) => {
    expect(refusalOf(await explain(root.id, field))).toBe('NOT_FOUND');
  });

  it.each(['nobody', newId()])('does not know the user %j', async (id) => {
    expect(refusalOf(await explain(id, 'Query.me'))).toBe('NOT_FOUND');
  });
});
