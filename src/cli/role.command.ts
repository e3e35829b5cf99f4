import { Command } from 'commander';
import { examples } from './output.js';
import { UNCONFIRMED, type UnconfirmedOption } from './unconfirmed.js';

/** Loaded with the first command that needs it: `--help` and a refused configuration do not wait for the server's code. */
const actions = () => import('./role.actions.js');

/** `role …`: what accounts may do. */
export function roleCommand(): Command {
  const role = new Command('role').description('Roles');

  role
    .command('list')
    .description('all roles, what they permit and how many hold them')
    .addHelpText('after', examples('role list --json'))
    .action(async () => (await actions()).listRoles());

  role
    .command('grant <email> <role>')
    .description('give an account a role besides those that it holds')
    .option(...UNCONFIRMED)
    .addHelpText('after', examples('role grant ada@example.com admin'))
    .action(async (email: string, name: string, options: UnconfirmedOption) =>
      (await actions()).grantRole(email, name, options),
    );

  role
    .command('withdraw <email> <role>')
    .description('take a role from an account')
    .addHelpText('after', examples('role withdraw ada@example.com admin'))
    .action(async (email: string, name: string) => (await actions()).withdrawRole(email, name));

  return role;
}
