import { Command } from 'commander';
import { USER_ROLE } from '../access/permissions.js';
import { AccountsService } from '../auth/accounts.service.js';
import { RegistrationService } from '../auth/registration.service.js';
import { withServices } from './operator-context.js';
import { readPassword } from './read-password.js';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `user …`: accounts from the operator's side. */
export function userCommand(): Command {
  const user = new Command('user').description('Accounts');

  user
    .command('create <email>')
    .description('make an account; the password is asked for, or read from standard input')
    .option('-r, --role <name>', 'a role besides `user`; repeat for more', collect, [])
    .option('-n, --name <name>', 'what to call the user')
    .action(async (email: string, { role, name }: { role: string[]; name?: string }) => {
      const password = await readPassword();
      const roles = [...new Set([USER_ROLE, ...role])];
      await withServices(async (app) => {
        const account = { email, password, roles, emailVerified: true, ...(name && { name }) };
        const created = await app.get(RegistrationService).register(account);
        say(`Created ${created.email} (${roles.join(', ')}).`);
      });
    });

  user
    .command('roles <email> <roles...>')
    .description('replace the roles of an account; it counts on its next request')
    .action((email: string, roles: string[]) =>
      withServices(async (app) => {
        const changed = await app.get(AccountsService).setRoles(email, roles);
        say(`${changed.email} holds: ${roles.join(', ')}.`);
      }),
    );

  user
    .command('disable <email>')
    .description('refuse every login and end every session')
    .option('--reason <text>', 'shown to administrators')
    .action((email: string, { reason }: { reason?: string }) =>
      withServices(async (app) => {
        const changed = await app.get(AccountsService).disable(email, reason ?? null);
        say(`${changed.email} is disabled.`);
      }),
    );

  user
    .command('enable <email>')
    .description('let a disabled account sign in again')
    .action((email: string) =>
      withServices(async (app) => {
        const changed = await app.get(AccountsService).enable(email);
        say(`${changed.email} is enabled.`);
      }),
    );

  user
    .command('verify <email>')
    .description('mark the e-mail address as confirmed')
    .action((email: string) =>
      withServices(async (app) => {
        const changed = await app.get(AccountsService).markEmailVerified(email);
        say(`${changed.email} is verified.`);
      }),
    );

  return user;
}
