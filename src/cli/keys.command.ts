import { Command } from 'commander';
import { examples } from './output.js';

/** Loaded with the first command that needs it: `--help` and a refused configuration do not wait for the server's code. */
const actions = () => import('./keys.actions.js');

/** `keys …`: the keys that sign access tokens. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('Signing keys');

  keys
    .command('list')
    .description('all keys with their phase, and how much each is still used')
    .addHelpText('after', examples('keys list'))
    .action(async () => (await actions()).listKeys());

  keys
    .command('rotate')
    .description('make the next key; it signs once every verifier can know it')
    .option('--now', 'as soon as every instance knows it; services that keep the key set may refuse tokens for a while')
    .addHelpText('after', examples('keys rotate', 'keys rotate --now'))
    .action(async (options: { now?: boolean }) => (await actions()).rotateKey(options));

  keys
    .command('revoke <kid>')
    .description('refuse every token of a key that may have leaked, and sign with another')
    // A `kid` is base64url: one in 64 begins with a dash, and is no option.
    .allowUnknownOption()
    .addHelpText('after', examples('keys revoke q8Vt2LmZx0RkYc7NpDw4HsBf6JgUe1Aa'))
    .action(async (kid: string) => (await actions()).revokeKey(kid));

  return keys;
}
