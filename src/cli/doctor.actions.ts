import { badInput } from '../common/bad-input.js';
import { Account } from '../doctor/account.js';
import { isPlainHttp } from '../doctor/checks/http.checks.js';
import { Deployment } from '../doctor/deployment.js';
import { CHECK_NAMES, type Diagnosis, examine } from '../doctor/doctor.js';
import { complain, tell } from './output.js';
import { readPassword } from './read-password.js';

/** As they are called on the command line. */
export interface DoctorOptions {
  readonly email?: string;
  readonly signUp?: true;
  readonly only?: readonly string[];
}

const WORDS = { ok: 'ok', fault: 'FAULT', skipped: 'skipped' } as const;

/** What `doctor` does. It needs nothing of the server's configuration. */
export async function examineUrl(url: string, options: DoctorOptions): Promise<void> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) throw badInput('<url>', 'must be an http or https URL');
  if (options.only?.some((name) => !CHECK_NAMES.includes(name))) {
    throw badInput('--only', `must name some of: ${CHECK_NAMES.join(', ')}`);
  }
  const deployment = new Deployment(url);
  await deployment.assertAnswers();
  const isInterrupted = noteInterruption();
  const account = await accountFor(deployment, options);
  const found: Diagnosis[] = [];
  try {
    for await (const diagnosis of examine(deployment, account, options.only)) {
      found.push(diagnosis);
      if (isInterrupted()) break;
    }
    // First: what was found is not lost where cleaning up is refused.
    report(found);
  } finally {
    await account?.close();
  }
  if (!isInterrupted()) return;
  complain('Interrupted: the other checks were not made.');
  process.exitCode = 1;
}

/** After the first Ctrl-C the check that is under way is finished, and what was opened is closed. The second one ends the program. */
function noteInterruption(): () => boolean {
  let isInterrupted = false;
  process.once('SIGINT', () => (isInterrupted = true));
  return () => isInterrupted;
}

async function accountFor(deployment: Deployment, { email, signUp }: DoctorOptions): Promise<Account | undefined> {
  if (email !== undefined) {
    if (isPlainHttp(deployment.url)) {
      throw badInput(
        '--email',
        'is not used over plain http: its password could be read on the way. Take the https URL',
      );
    }
    return Account.existing(deployment, email, await readPassword());
  }
  return signUp ? Account.temporary(deployment) : undefined;
}

function report(found: readonly Diagnosis[]): void {
  const count = (result: Diagnosis['result']) => found.filter((diagnosis) => diagnosis.result === result).length;
  const [faults, skipped] = [count('fault'), count('skipped')];
  const width = Math.max(...found.map(({ name }) => name.length));
  tell(
    [
      ...found.map(({ name, result, detail }) => `${WORDS[result].padEnd(7)}  ${name.padEnd(width)}  ${detail}`),
      '',
      `${found.length - faults - skipped} ok, ${faults} fault(s)${skipped > 0 ? `, ${skipped} skipped: they take --email or --sign-up` : ''}.`,
    ],
    found,
  );
  if (faults > 0) process.exitCode = 1;
}
