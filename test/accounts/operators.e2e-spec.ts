import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { MikroORM, RequestContext } from '@mikro-orm/core';
import { PERMISSIONS } from '../../src/access/permissions.js';
import { AccountAdministration } from '../../src/administration/account-administration.service.js';
import { OPERATOR } from '../../src/administration/authority.js';
import { type Registration, RegistrationService } from '../../src/auth/registration.service.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, newEmail, PASSWORD, refreshed, signUp, signUpWithRoles, withAccounts } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { tryLogin } from './operations.js';

const ADMIN = { ADMIN_EMAIL: 'Root@Example.com', ADMIN_PASSWORD: 'a long bootstrap password' };
const EMAIL = 'root@example.com';

async function rolesOf(server: TestServer, email: string): Promise<string[]> {
  const user = await server.em().findOneOrFail(User, { email }, { populate: ['roles'] });
  return user.roles.getIdentifiers().sort();
}

describe('ADMIN_EMAIL and ADMIN_PASSWORD', () => {
  let databaseUrl: string;
  const secret = { JWT_SECRET: randomBytes(48).toString('base64url') };
  const start = (env: Record<string, string>) => TestServer.start({ databaseUrl, env: { ...secret, ...env } });
  beforeEach(async () => {
    databaseUrl = await temporaryDatabaseUrl();
  });
  afterEach(() => dropDatabase(databaseUrl));

  it('make an administrator, verified and without a session, who may do everything', async () => {
    const server = await start({ ...ADMIN, SIGNUP_ENABLED: 'false' });
    expect(await rolesOf(server, EMAIL)).toEqual(['admin', 'user']);
    expect(await server.em().count(Session)).toBe(0);
    const { accessToken } = await logIn(server, EMAIL, ADMIN.ADMIN_PASSWORD);
    const { data } = await server.call(
      '{ me { emailVerified permissions disabledAt sessions { current } } }',
      {},
      { token: accessToken },
    );
    expect(data).toEqual({
      me: { emailVerified: true, permissions: PERMISSIONS, disabledAt: null, sessions: [{ current: true }] },
    });
    await server.stop();
  });

  it('never overwrite what the administrator or an operator changed later', async () => {
    const first = await start(ADMIN);
    await signUpWithRoles(first, 'admin');
    await withAccounts(first, (accounts) => accounts.setRoles(EMAIL, ['user']));
    await withAccounts(first, (accounts) => accounts.disable(EMAIL, 'retired'));
    await first.stop();

    const second = await start({ ...ADMIN, ADMIN_PASSWORD: 'another bootstrap password' });
    expect(await second.em().count(User, { email: EMAIL })).toBe(1);
    expect(await rolesOf(second, EMAIL)).toEqual(['user']);
    expect(refusalOf(await tryLogin(second, EMAIL, ADMIN.ADMIN_PASSWORD))).toBe('INVALID_CREDENTIALS');
    await withAccounts(second, (accounts) => accounts.enable(EMAIL));
    expect((await tryLogin(second, EMAIL, ADMIN.ADMIN_PASSWORD)).data?.login.__typename).toBe('AuthPayload');
    expect(refusalOf(await tryLogin(second, EMAIL, 'another bootstrap password'))).toBe('INVALID_CREDENTIALS');
    await second.stop();
  });

  it('make nobody an administrator who has the address already, and say so while there is none', async () => {
    const first = await start({});
    const { id } = await signUp(first, EMAIL);
    await first.stop();

    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const said = () => warnings.mock.calls.map(String).filter((line) => line.includes('ADMIN_EMAIL'));
    const second = await start(ADMIN);
    expect(await rolesOf(second, EMAIL)).toEqual(['user']);
    expect(said()).toEqual([expect.stringMatching(/^No administrator was made: .*ADMIN_EMAIL.*`role grant`/)]);
    expect(said().join()).not.toContain(ADMIN.ADMIN_PASSWORD);

    warnings.mockClear();
    await withAccounts(second, (accounts) => accounts.setRoles(EMAIL, ['admin', 'user']));
    await second.stop();
    const third = await start(ADMIN);
    expect(said()).toEqual([]);
    warnings.mockRestore();
    expect(await third.em().count(User, { roles: { name: 'admin' } })).toBe(1);
    expect(await third.em().count(User, id)).toBe(1);
    await third.stop();
  });

  it('bring back no administrator who was deleted, renamed or disabled', async () => {
    const first = await start(ADMIN);
    const { id: second } = await signUpWithRoles(first, 'admin');
    const accounts = first.app.get(AccountAdministration);
    const changes: (() => Promise<unknown>)[] = [
      () => accounts.update({ email: EMAIL }, { email: 'renamed@example.com' }, OPERATOR),
      () => accounts.delete({ email: 'renamed@example.com' }, OPERATOR),
      // Past the API: it keeps the last administrator.
      () => first.em().nativeUpdate(User, second, { disabledAt: first.clock.now() }),
    ];
    for (const change of changes) {
      await RequestContext.create(first.app.get(MikroORM).em, change);
      const next = await start(ADMIN);
      expect(refusalOf(await tryLogin(next, EMAIL, ADMIN.ADMIN_PASSWORD))).toBe('INVALID_CREDENTIALS');
      expect(await next.em().count(User, { email: EMAIL })).toBe(0);
      await next.stop();
    }
    await first.stop();
  });

  // A file of SQLite has one process.
  if (testEngine === 'postgres') {
    it('make one administrator when two instances start at once', async () => {
      await (await start({})).stop();
      const servers = await Promise.all([start(ADMIN), start(ADMIN)]);
      expect(await servers[0].em().count(User)).toBe(1);
      await Promise.all(servers.map((server) => server.stop()));
    });
  }
});

describe('an operator', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await TestServer.start({ env: { ...ADMIN, SIGNUP_ENABLED: 'true' } });
  });
  afterEach(() => server.stop());

  const register = (registration: Registration) =>
    RequestContext.create(server.app.get(MikroORM).em, () =>
      server.app.get(RegistrationService).register(registration),
    );

  /** @see wp-graphql/wp-graphql#751 */
  it('can not demote or disable the last administrator', async () => {
    const before = await rolesOf(server, EMAIL);
    await expect(withAccounts(server, (accounts) => accounts.setRoles(EMAIL, ['user']))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(withAccounts(server, (accounts) => accounts.disable(EMAIL, null))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    const user = await server.em().findOneOrFail(User, { email: EMAIL });
    expect([await rolesOf(server, EMAIL), user.disabledAt, user.version]).toEqual([before, null, 1]);
  });

  it('does not count an administrator who is disabled', async () => {
    const second = await signUpWithRoles(server, 'admin');
    await withAccounts(server, (accounts) => accounts.disable(second.email, null));
    await expect(withAccounts(server, (accounts) => accounts.setRoles(EMAIL, ['user']))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('who demotes or disables two administrators at the same time leaves one', async () => {
    const second = await signUpWithRoles(server, 'admin');
    const outcomes = await Promise.allSettled([
      withAccounts(server, (accounts) => accounts.setRoles(EMAIL, ['user'])),
      withAccounts(server, (accounts) => accounts.disable(second.email, null)),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await server.em().count(User, { disabledAt: null, roles: { name: 'admin' } })).toBe(1);
  });

  it('gives and takes roles without logging anybody out', async () => {
    const user = await signUp(server);
    await withAccounts(server, (accounts) => accounts.setRoles(user.email, ['user', 'admin']));
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_STALE');
    const { accessToken } = await refreshed(server, user.refreshToken);
    expect((await server.call('{ me { roles } }', {}, { token: accessToken })).data).toEqual({
      me: { roles: ['admin', 'user'] },
    });
  });

  it('who disables an account ends its sessions, and enabling it brings none back', async () => {
    const user = await signUp(server);
    await withAccounts(server, (accounts) => accounts.disable(user.email, 'abuse'));
    await withAccounts(server, (accounts) => accounts.enable(user.email));
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
    expect((await logIn(server, user.email)).id).toBe(user.id);
  });

  it('reads of a role or an address that does not exist, and nothing changes', async () => {
    const { email } = await signUp(server);
    const unknownRole = withAccounts(server, (accounts) => accounts.setRoles(email, ['user', 'wizard']));
    await expect(unknownRole).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'roles', message: expect.any(String) }],
    });
    const unknownUser = withAccounts(server, (accounts) => accounts.setRoles(newEmail(), ['user']));
    await expect(unknownUser).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await rolesOf(server, email)).toEqual(['user']);
  });

  it('makes accounts under the rules of the sign-up form, and without a session', async () => {
    const email = newEmail();
    await register({ email: ` ${email.toUpperCase()} `, password: PASSWORD, roles: ['user'] });
    expect(await server.em().count(Session, { user: { email } })).toBe(0);
    expect((await logIn(server, email)).email).toBe(email);

    await expect(register({ email, password: PASSWORD })).rejects.toMatchObject({
      code: 'EMAIL_TAKEN',
      fields: [{ path: 'email', message: expect.any(String) }],
    });
    await expect(register({ email: 'nobody', password: PASSWORD })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'email', message: expect.any(String) }],
    });
    await expect(register({ email: newEmail(), password: PASSWORD, name: 'Ada\nroles  admin' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'name', message: 'must hold visible characters only' }],
    });
    await expect(register({ email: newEmail(), password: 'short' })).rejects.toMatchObject({
      reason: 'WEAK_PASSWORD',
      fields: [{ path: 'password', message: expect.any(String) }],
    });
    expect(await server.em().count(User)).toBe(2);
  });
});
