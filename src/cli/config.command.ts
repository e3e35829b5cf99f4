import { Command } from 'commander';
import { examples } from './output.js';

/** `config …`: what the server would run with. */
export function configCommand(): Command {
  const config = new Command('config').description('Configuration');

  config
    .command('check')
    .description('every setting, its value, where that comes from and what it is for; exits 1 when something is wrong')
    .addHelpText('after', examples('config check', 'config check --json'))
    .action(async () => (await import('./config.actions.js')).checkConfig());

  return config;
}
