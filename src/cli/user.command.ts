import { Command } from 'commander';

/** Loaded with the first command that needs it: `--help` and a refused configuration do not wait for the server's code. */
const actions = () => import('./user.actions.js');

/** `user …`: accounts from the operator's side. */
export function userCommand(): Command {
  const user = new Command('user').description('Accounts');

  user
    .command('create <email>')
    .description('make an account; the password is asked for, or read from standard input')
    .option('-r, --role <name>', 'a role besides `user`; repeat for more', collect, [])
    .option('-n, --name <name>', 'what to call the user')
    .action(async (email: string, options: { role: string[]; name?: string }) =>
      (await actions()).createUser(email, options),
    );

  user
    .command('roles <email> <roles...>')
    .description('replace the roles of an account; it counts on its next request')
    .action(async (email: string, roles: string[]) => (await actions()).setRoles(email, roles));

  user
    .command('disable <email>')
    .description('refuse every login and end every session')
    .option('--reason <text>', 'shown to administrators')
    .action(async (email: string, options: { reason?: string }) => (await actions()).disableUser(email, options));

  user
    .command('enable <email>')
    .description('let a disabled account sign in again')
    .action(async (email: string) => (await actions()).enableUser(email));

  user
    .command('verify <email>')
    .description('mark the e-mail address as confirmed')
    .action(async (email: string) => (await actions()).verifyUser(email));

  return user;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
