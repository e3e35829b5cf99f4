import type { INestApplicationContext } from '@nestjs/common';
import { USER_ROLE } from '../access/permissions.js';
import { AccountAdministration } from '../administration/account-administration.service.js';
import { OPERATOR } from '../administration/authority.js';
import { RegistrationService } from '../auth/registration.service.js';
import { withChanges, withServices } from './operator-context.js';
import { ResetLink } from '../administration/reset-link.service.js';
import { notFound } from '../access/access.errors.js';
import { deviceOf } from '../sessions/device.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { Session } from '../sessions/session.entity.js';
import type { User } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { namedAsCalled } from './named-as-called.js';
import { tell, textOf } from './output.js';
import { readPassword } from './read-password.js';
import { mayReceive, type UnconfirmedOption } from './unconfirmed.js';

/** What the `user` commands do, apart from how they are called. */
export async function createUser(email: string, options: { role: string[]; name?: string }): Promise<void> {
  const password = await readPassword();
  const roles = [...new Set([USER_ROLE, ...options.role])];
  const account = { email, password, roles, emailVerified: true, ...(options.name && { name: options.name }) };
  await namedAsCalled({ name: '--name' }, () =>
    withChanges(async (app) => {
      const created = await app.get(RegistrationService).register(account);
      tell(`Created ${created.email} (${roles.join(', ')}).`, { id: created.id, email: created.email, roles });
    }),
  );
}

export const setRoles = (email: string, roles: string[], options: UnconfirmedOption): Promise<void> =>
  change(
    (accounts) => accounts.setRoles({ email }, roles, OPERATOR, undefined, mayReceive(options)),
    `holds: ${roles.join(', ')}`,
  );

export const disableUser = (email: string, { reason }: { reason?: string }): Promise<void> =>
  namedAsCalled({ reason: '--reason' }, () =>
    change((accounts) => accounts.disable({ email }, reason ?? null, OPERATOR), 'is disabled'),
  );

export const enableUser = (email: string): Promise<void> =>
  change((accounts) => accounts.enable({ email }, OPERATOR), 'is enabled');

export const verifyUser = (email: string): Promise<void> =>
  change((accounts) => accounts.update({ email }, { emailVerified: true }, OPERATOR), 'is verified');

export async function showUser(email: string): Promise<void> {
  await withServices(async (app) => {
    const facts = factsOf(await known(app, email));
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(14)}  ${inWords(value)}`);
    tell(lines, facts);
  });
}

export async function showSessions(email: string): Promise<void> {
  await withServices(async (app) => {
    const { id } = await known(app, email);
    const sessions = (await app.get(SessionsService).listLive([id])).map(sessionFactsOf);
    const lines = sessions.map((facts) => Object.values(facts).map(inWords).join('  '));
    tell(lines.length > 0 ? lines : 'Signed in nowhere.', sessions);
  });
}

async function known(app: INestApplicationContext, email: string): Promise<User> {
  const user = await app.get(UsersService).byEmail(email);
  if (!user) throw notFound('There is no such account.');
  return user;
}

type Fact = string | boolean | Date | null | string[];

function factsOf(user: User): Record<string, Fact> {
  return {
    id: user.id,
    email: user.email,
    name: user.name ?? null,
    emailVerified: user.emailVerified,
    roles: user.roles.getItems().map(({ name }) => name),
    createdAt: user.createdAt,
    lastLoginAt: user.lastLoginAt ?? null,
    disabledAt: user.disabledAt ?? null,
    disabledReason: user.disabledReason ?? null,
  };
}

function sessionFactsOf(session: Session): Record<string, Fact> {
  return {
    id: session.id,
    lastActiveAt: session.lastActiveAt,
    device: deviceOf(session.userAgent ?? null),
    ipAddress: session.ipAddress ?? null,
    impersonatorId: session.impersonatorId ?? null,
  };
}

export async function endSessions(email: string): Promise<void> {
  await withChanges(async (app) => {
    const ended = await app.get(AccountAdministration).revokeSessions({ email }, OPERATOR);
    tell(`${ended} session(s) ended.`, { ended });
  });
}

export async function printResetLink(email: string): Promise<void> {
  await withChanges(async (app) => {
    const { url, lifetimeSeconds } = await app.get(ResetLink).make({ email }, OPERATOR);
    tell([url, `It works once, for ${lifetimeSeconds} seconds.`], { url, lifetimeSeconds });
  });
}

export async function deleteUser(email: string): Promise<void> {
  await withChanges(async (app) => {
    await app.get(AccountAdministration).delete({ email }, OPERATOR);
    tell('Deleted.', { deleted: true });
  });
}

async function change(
  apply: (accounts: AccountAdministration) => Promise<{ email: string }>,
  outcome: string,
): Promise<void> {
  await withChanges(async (app) => {
    const { email } = await apply(app.get(AccountAdministration));
    tell(`${email} ${outcome}.`, { email });
  });
}

function inWords(fact: Fact): string {
  if (fact === null) return '-';
  return fact instanceof Date ? textOf(fact) : String(fact);
}
