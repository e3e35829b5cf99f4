import { signUpWithRoles } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { administer, makeRole } from './operations.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const settled = [undefined, 'CONFLICT'];

describe('holders of a role who change it at the same time', () => {
  it('wait for each other, and are done or see that it was changed meanwhile', async () => {
    const permissions = ['roles:write', 'users:read'] as const;
    const role = await makeRole(server, ...permissions);
    const managers = await Promise.all(Array.from({ length: 4 }, () => signUpWithRoles(server, role)));
    const answers = await Promise.all(
      managers.map(({ accessToken }, index) =>
        administer(server, accessToken).updateRole({
          name: role,
          permissions: [...permissions],
          description: `d${index}`,
        }),
      ),
    );
    const outcomes = answers.map(refusalOf);
    expect(outcomes.filter((outcome) => !settled.includes(outcome))).toEqual([]);
    expect(outcomes).toContain(undefined);
  });

  it('the same crosswise, of two roles that both hold', async () => {
    const permissions = ['roles:write', 'users:read'] as const;
    const roles = [await makeRole(server, ...permissions), await makeRole(server, ...permissions)];
    const managers = await Promise.all(Array.from({ length: 4 }, () => signUpWithRoles(server, ...roles)));
    const answers = await Promise.all(
      managers.map(({ accessToken }, index) =>
        administer(server, accessToken).updateRole({
          name: roles[index % 2] ?? '',
          permissions: [...permissions],
          description: `d${index}`,
        }),
      ),
    );
    expect(answers.map(refusalOf).filter((outcome) => !settled.includes(outcome))).toEqual([]);
  });
});
