import { Command } from 'commander';
import { examples } from './output.js';

/** Loaded with the first command that needs it: `--help` and a refused configuration do not wait for the server's code. */
const actions = () => import('./mail.actions.js');

/** `mail …`: what waits to be sent, and what was given up. */
export function mailCommand(): Command {
  const mail = new Command('mail').description('Mails that are not sent');

  mail
    .command('list')
    .description('mails that wait or were given up, with the reason of the last failure')
    .addHelpText('after', examples('mail list'))
    .action(async () => (await actions()).listMails());

  mail
    .command('retry')
    .description('let the server try what failed again now, also what was given up')
    .addHelpText('after', examples('mail retry'))
    .action(async () => (await actions()).retryMails());

  return mail;
}
