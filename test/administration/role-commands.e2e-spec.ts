import { EntityManager } from '@mikro-orm/core';
import { jest } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { grantRole, withdrawRole } from '../../src/cli/role.actions.js';
import { setRoles } from '../../src/cli/user.actions.js';
import { User } from '../../src/users/user.entity.js';
import { signUp, signUpConfirmed, signUpWithRoles, withAccounts } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

/** A server whose database and secret the commands of this process read. */
function serverOfCommands(): () => TestServer {
  let databaseUrl: string;
  let server: TestServer;
  const environment = { ...process.env };
  beforeEach(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    server = await TestServer.start({ databaseUrl, redis: false });
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
  return () => server;
}

/** Runs a command, and something else whenever one of its transactions is about to begin. */
async function meanwhile(other: () => Promise<unknown>, command: () => Promise<void>): Promise<void> {
  const create = NestFactory.createApplicationContext.bind(NestFactory);
  const others: unknown[] = [];
  let isAtIt = false;
  jest.spyOn(NestFactory, 'createApplicationContext').mockImplementationOnce(async (...call) => {
    const app = await create(...call);
    const beforeTransactionStart = async () => {
      // It begins transactions itself.
      if (isAtIt) return;
      isAtIt = true;
      others.push(await other());
      isAtIt = false;
    };
    app.get(EntityManager).getEventManager().registerSubscriber({ beforeTransactionStart });
    return app;
  });
  await command();
  expect(others).not.toEqual([]);
}

describe.each([
  ['role grant', grantRole, ['user']],
  ['role withdraw', withdrawRole, []],
])('%s', (_, command, left) => {
  const server = serverOfCommands();

  it('gives back nothing that another operator has taken meanwhile', async () => {
    const user = await signUpWithRoles(server(), 'admin');
    await signUpWithRoles(server(), 'admin');
    await meanwhile(
      () => withAccounts(server(), (accounts) => accounts.setRoles(user.email, ['user'])),
      () => command(user.email, 'user'),
    );
    const { roles } = await server()
      .em()
      .findOneOrFail(User, user.id, { populate: ['roles'] });
    expect(roles.getIdentifiers()).toEqual(left);
  });

  it('finds nobody by an address that its account leaves meanwhile', async () => {
    const user = await signUp(server());
    const leave = () =>
      server()
        .em()
        .nativeUpdate(User, user.id, { email: `moved-${user.email}` });
    await expect(meanwhile(leave, () => command(user.email, 'user'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { version } = await server().em().findOneOrFail(User, user.id);
    expect(version).toBe(1);
  });

  it('is not kept from its work by a user who changes their name meanwhile', async () => {
    const user = await signUp(server());
    await meanwhile(
      () =>
        server().call('mutation { updateProfile(input: { name: "Busy" }) { id } }', {}, { token: user.accessToken }),
      () => command(user.email, 'user'),
    );
    const { name, roles } = await server()
      .em()
      .findOneOrFail(User, user.id, { populate: ['roles'] });
    expect([name, roles.getIdentifiers()]).toEqual(['Busy', left]);
  });
});

describe.each([
  ['role grant', (email: string, options: { unconfirmed?: true }) => grantRole(email, 'admin', options)],
  ['user roles', (email: string, options: { unconfirmed?: true }) => setRoles(email, ['user', 'admin'], options)],
])('%s', (_, command) => {
  const server = serverOfCommands();

  it('makes nobody an administrator whose address is not confirmed, unless it is told to', async () => {
    const stranger = await signUp(server());
    const holds = async () => {
      const { roles } = await server()
        .em()
        .findOneOrFail(User, stranger.id, { populate: ['roles'] });
      return roles.getIdentifiers().sort();
    };
    await expect(command(stranger.email, {})).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/is not confirmed: .* Nothing was done\. .*`user verify`.*--unconfirmed/),
    });
    expect(await holds()).toEqual(['user']);
    await command(stranger.email, { unconfirmed: true });
    expect(await holds()).toEqual(['admin', 'user']);
  });

  it('asks for nothing where the address is confirmed, or the roles are held already', async () => {
    const owner = await signUpConfirmed(server());
    await expect(command(owner.email, {})).resolves.toBeUndefined();
    const { email } = await signUpWithRoles(server(), 'admin');
    await expect(command(email, {})).resolves.toBeUndefined();
  });
});
