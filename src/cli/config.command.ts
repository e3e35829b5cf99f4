import { Command } from 'commander';

/** `config …`: what the server would run with. */
export function configCommand(): Command {
  const config = new Command('config').description('Configuration');

  config
    .command('check')
    .description('every setting, its value, where that comes from and what it is for; exits 1 when something is wrong')
    .addHelpText('after', '\nExamples:\n  latchkey config check\n  NODE_ENV=production latchkey config check --json')
    .action(async () => (await import('./config.actions.js')).checkConfig());

  return config;
}
