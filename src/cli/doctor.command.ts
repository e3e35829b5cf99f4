import { Command } from 'commander';
import type { DoctorOptions } from './doctor.actions.js';

const EXAMPLES = `
Exits 1 when a fault is found. Half of the checks take an account: --email asks for its password, or reads it from standard input.
Sign in as somebody without rights. The account is signed in and out some ten times, nothing else happens to it. Guessing
passwords is tried last, at an address that nobody has; it may keep this machine from guessing for a while.

Examples:
  latchkey doctor https://id.example.com --email doctor@example.com
  latchkey doctor http://localhost:4000 --sign-up --json
  latchkey doctor https://id.example.com --only headers cors csrf`;

/** `doctor`: a deployment as an attacker sees it. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look at a running deployment from outside, as an attacker would in the first minute')
    .argument('<url>', 'where it is, such as https://id.example.com')
    .option('--email <address>', 'an account to look with, too')
    .option('--sign-up', 'make an account to look with, and delete it at the end')
    .option('--only <names...>', 'these checks alone')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: DoctorOptions) =>
      (await import('./doctor.actions.js')).examineUrl(url, options),
    );
}
