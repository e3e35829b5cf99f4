import { Command } from 'commander';
import { examples } from './output.js';
import { UNCONFIRMED, type UnconfirmedOption } from './unconfirmed.js';

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
    .addHelpText(
      'after',
      examples('user create ada@example.com --role admin', 'user create ada@example.com < password.txt'),
    )
    .action(async (email: string, options: { role: string[]; name?: string }) =>
      (await actions()).createUser(email, options),
    );

  user
    .command('roles <email> <roles...>')
    .description('replace the roles of an account; it counts on its next request')
    .option(...UNCONFIRMED)
    .addHelpText('after', examples('user roles ada@example.com user admin'))
    .action(async (email: string, roles: string[], options: UnconfirmedOption) =>
      (await actions()).setRoles(email, roles, options),
    );

  addStates(user);
  addAccess(user);
  return user;
}

/** What becomes of an account. */
function addStates(user: Command): void {
  user
    .command('disable <email>')
    .description('refuse every login and end every session')
    .option('--reason <text>', 'shown to administrators')
    .addHelpText('after', examples('user disable ada@example.com --reason "left the company"'))
    .action(async (email: string, options: { reason?: string }) => (await actions()).disableUser(email, options));

  user
    .command('enable <email>')
    .description('let a disabled account sign in again')
    .addHelpText('after', examples('user enable ada@example.com'))
    .action(async (email: string) => (await actions()).enableUser(email));

  user
    .command('verify <email>')
    .description('mark the e-mail address as confirmed')
    .addHelpText('after', examples('user verify ada@example.com'))
    .action(async (email: string) => (await actions()).verifyUser(email));
}

/** Who is in, and how somebody gets in again. */
function addAccess(user: Command): void {
  user
    .command('show <email>')
    .description('an account with its roles')
    .addHelpText('after', examples('user show ada@example.com --json'))
    .action(async (email: string) => (await actions()).showUser(email));

  user
    .command('sessions <email>')
    .description('where an account is signed in')
    .option('--end', 'sign it out everywhere')
    .addHelpText('after', examples('user sessions ada@example.com', 'user sessions ada@example.com --end'))
    .action(async (email: string, { end }: { end?: true }) => {
      const { endSessions, showSessions } = await actions();
      await (end ? endSessions(email) : showSessions(email));
    });

  user
    .command('password-reset-link <email>')
    .description('print a link with which the user sets a password; hand it to nobody else')
    .addHelpText('after', examples('user password-reset-link ada@example.com'))
    .action(async (email: string) => (await actions()).printResetLink(email));

  user
    .command('delete <email>')
    .description('delete an account for ever, with all that is in it')
    .addHelpText('after', examples('user delete ada@example.com'))
    .action(async (email: string) => (await actions()).deleteUser(email));
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
