import { Command } from 'commander';
import type { DoctorOptions } from './doctor.actions.js';
import { examples } from './output.js';

const NOTES = `
Exits 1 when a fault is found. A third of the checks takes an account: --email asks for its password, or reads it from standard input.
Take one without rights. It is signed in and out some ten times, and nothing else happens to it. Guessing
passwords is tried last, at an address that nobody has; it may keep this machine from guessing for a while.`;

/** `doctor`: a deployment as an attacker sees it. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look at a running deployment from outside, as an attacker would in the first minute')
    .argument('<url>', 'where it is, such as https://id.example.com')
    .option('--email <address>', 'an account to look with, too')
    .option('--sign-up', 'make an account to look with, and delete it at the end')
    .option('--only <names...>', 'these checks alone')
    .addHelpText('after', NOTES)
    .addHelpText(
      'after',
      examples(
        'doctor https://id.example.com --email doctor@example.com',
        'doctor http://localhost:4000 --sign-up --json',
        'doctor https://id.example.com --only headers cors csrf',
      ),
    )
    .action(async (url: string, options: DoctorOptions) =>
      (await import('./doctor.actions.js')).examineUrl(url, options),
    );
}
