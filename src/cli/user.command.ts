import type { INestApplicationContext } from '@nestjs/common';
import { Command } from 'commander';
import { USER_ROLE } from '../access/permissions.js';
import { AccountsService } from '../auth/accounts.service.js';
import { RegistrationService } from '../auth/registration.service.js';
import { withServices } from './operator-context.js';
import { readPassword } from './read-password.js';

/** `user …`: accounts from the operator's side. */
export function userCommand(): Command {
  const user = new Command('user').description('Accounts');

  user
    .command('create <email>')
    .description('make an account; the password is asked for, or read from standard input')
    .option('-r, --role <name>', 'a role besides `user`; repeat for more', collect, [])
    .option('-n, --name <name>', 'what to call the user')
    .action(create);

  user
    .command('roles <email> <roles...>')
    .description('replace the roles of an account; it counts on its next request')
    .action((email: string, roles: string[]) =>
      change((accounts) => accounts.setRoles(email, roles), `holds: ${roles.join(', ')}`),
    );

  user
    .command('disable <email>')
    .description('refuse every login and end every session')
    .option('--reason <text>', 'shown to administrators')
    .action((email: string, { reason }: { reason?: string }) =>
      change((accounts) => accounts.disable(email, reason ?? null), 'is disabled'),
    );

  user
    .command('enable <email>')
    .description('let a disabled account sign in again')
    .action((email: string) => change((accounts) => accounts.enable(email), 'is enabled'));

  user
    .command('verify <email>')
    .description('mark the e-mail address as confirmed')
    .action((email: string) => change((accounts) => accounts.markEmailVerified(email), 'is verified'));

  return user;
}

async function create(email: string, { role, name }: { role: string[]; name?: string }): Promise<void> {
  const password = await readPassword();
  const roles = [...new Set([USER_ROLE, ...role])];
  await withServices(async (app) => {
    const account = { email, password, roles, emailVerified: true, ...(name && { name }) };
    const created = await app.get(RegistrationService).register(account);
    say(`Created ${created.email} (${roles.join(', ')}).`);
  });
}

async function change(
  apply: (accounts: AccountsService) => Promise<{ email: string }>,
  outcome: string,
): Promise<void> {
  await withServices(async (app: INestApplicationContext) => {
    const { email } = await apply(app.get(AccountsService));
    say(`${email} ${outcome}.`);
  });
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
