import type { Account } from './account.js';
import type { Deployment } from './deployment.js';

/** What an attacker tries in the first minute. */
export interface Check {
  /** The same for ever: scripts look for it. */
  readonly name: string;
  /** What holds where nothing is found. */
  readonly rule: string;
  /** @returns the fault, in words; undefined for none */
  readonly find: (deployment: Deployment) => Promise<string | undefined>;
}

/** The same with somebody's account. */
export interface AccountCheck extends Omit<Check, 'find'> {
  readonly findWith: (deployment: Deployment, account: Account) => Promise<string | undefined>;
}

/** The first fault of several. */
export async function firstOf<T>(
  cases: Iterable<T>,
  find: (one: T) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const one of cases) {
    const fault = await find(one);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
