import { MikroORM, RequestContext } from '@mikro-orm/core';
import { jest } from '@jest/globals';
import { grantRole, withdrawRole } from '../../src/cli/role.actions.js';
import { User } from '../../src/users/user.entity.js';
import { UsersService } from '../../src/users/users.service.js';
import { signUpWithRoles, type TestUser, withAccounts } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

describe.each([
  ['role grant', grantRole],
  ['role withdraw', withdrawRole],
])('%s', (_, command) => {
  let databaseUrl: string;
  let server: TestServer;
  let user: TestUser;
  const environment = { ...process.env };

  beforeEach(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    server = await TestServer.start({ databaseUrl, redis: false });
    user = await signUpWithRoles(server, 'admin');
    await signUpWithRoles(server, 'admin');
    const { JWT_SECRET } = server.env;
    Object.assign(process.env, { NODE_ENV: 'test', DATABASE_URL: databaseUrl, JWT_SECRET });
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    process.env = { ...environment };
    await server.stop();
    await dropDatabase(databaseUrl);
  });

  it('gives back nothing that another operator has taken meanwhile', async () => {
    jest.spyOn(UsersService.prototype, 'byEmail').mockImplementationOnce(async (email) => {
      const users = server.app.get(UsersService);
      const found = await RequestContext.create(server.app.get(MikroORM).em, () => users.byEmail(email));
      await withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user']));
      return found;
    });
    await expect(command(user.email, 'user')).rejects.toMatchObject({ code: 'CONFLICT' });
    const { roles } = await server.em().findOneOrFail(User, user.id, { populate: ['roles'] });
    expect(roles.getIdentifiers()).toEqual(['user']);
  });
});
