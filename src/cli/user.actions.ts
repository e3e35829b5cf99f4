import { USER_ROLE } from '../access/permissions.js';
import { AccountAdministration } from '../administration/account-administration.service.js';
import { OPERATOR } from '../administration/authority.js';
import { RegistrationService } from '../auth/registration.service.js';
import { withServices } from './operator-context.js';
import { readPassword } from './read-password.js';

/** What the `user` commands do, apart from how they are called. */
export async function createUser(email: string, options: { role: string[]; name?: string }): Promise<void> {
  const password = await readPassword();
  const roles = [...new Set([USER_ROLE, ...options.role])];
  const account = { email, password, roles, emailVerified: true, ...(options.name && { name: options.name }) };
  await withServices(async (app) => {
    const created = await app.get(RegistrationService).register(account);
    say(`Created ${created.email} (${roles.join(', ')}).`);
  });
}

export const setRoles = (email: string, roles: string[]): Promise<void> =>
  change((accounts) => accounts.setRoles({ email }, roles, OPERATOR), `holds: ${roles.join(', ')}`);

export const disableUser = (email: string, { reason }: { reason?: string }): Promise<void> =>
  change((accounts) => accounts.disable({ email }, reason ?? null, OPERATOR), 'is disabled');

export const enableUser = (email: string): Promise<void> =>
  change((accounts) => accounts.enable({ email }, OPERATOR), 'is enabled');

export const verifyUser = (email: string): Promise<void> =>
  change((accounts) => accounts.update({ email }, { emailVerified: true }, OPERATOR), 'is verified');

async function change(
  apply: (accounts: AccountAdministration) => Promise<{ email: string }>,
  outcome: string,
): Promise<void> {
  await withServices(async (app) => {
    const { email } = await apply(app.get(AccountAdministration));
    say(`${email} ${outcome}.`);
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
