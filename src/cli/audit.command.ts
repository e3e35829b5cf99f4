import { Command } from 'commander';
import { examples } from './output.js';

/** Loaded with the first command that needs it: `--help` and a refused configuration do not wait for the server's code. */
const actions = () => import('./audit.actions.js');

/** `audit …`: the trail of security decisions. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('Audit trail');

  audit
    .command('verify')
    .description('look whether events were changed, added or taken away; exits 1 when they were')
    .option('--head <sequence:hash>', 'what an earlier run has printed behind `Head:`: shows what was cut off since')
    .addHelpText(
      'after',
      examples(
        'audit verify | sed -n "s/^Head: //p" > head-of-last-week',
        'audit verify --head "$(cat head-of-last-week)"',
      ),
    )
    .action(async (options: { head?: string }) => (await actions()).verifyTrail(options));

  return audit;
}
