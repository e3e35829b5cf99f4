import type { Account } from './account.js';
import type { AccountCheck, Check } from './check.js';
import { costChecks } from './checks/cost.checks.js';
import { graphqlChecks } from './checks/graphql.checks.js';
import { httpChecks } from './checks/http.checks.js';
import { limitChecks } from './checks/limit.checks.js';
import { sessionChecks } from './checks/session.checks.js';
import { ownTokenChecks, tokenChecks } from './checks/token.checks.js';
import type { Deployment } from './deployment.js';

export interface Diagnosis {
  readonly name: string;
  /** `skipped`: it takes an account, and none was given. */
  readonly result: 'ok' | 'fault' | 'skipped';
  /** The fault; without one, the rule that was found to hold. */
  readonly detail: string;
}

const CHECKS: readonly (Check | AccountCheck)[] = [
  ...httpChecks,
  ...graphqlChecks,
  ...tokenChecks,
  ...ownTokenChecks,
  ...sessionChecks,
  ...costChecks,
  ...limitChecks,
];

export const CHECK_NAMES: readonly string[] = CHECKS.map(({ name }) => name);

/**
 * Tries one thing after the other: a check must not meet the traces of another.
 *
 * @param names of the checks; all of them by default
 */
export async function* examine(
  deployment: Deployment,
  account: Account | undefined,
  names: readonly string[] = CHECK_NAMES,
): AsyncIterable<Diagnosis> {
  for (const check of CHECKS.filter(({ name }) => names.includes(name)))
    yield { name: check.name, ...(await resultOf(check, deployment, account)) };
}

async function resultOf(
  check: Check | AccountCheck,
  deployment: Deployment,
  account: Account | undefined,
): Promise<Omit<Diagnosis, 'name'>> {
  if ('findWith' in check && !account) return { result: 'skipped', detail: check.rule };
  try {
    const fault =
      'findWith' in check ? account && (await check.findWith(deployment, account)) : await check.find(deployment);
    return fault === undefined ? { result: 'ok', detail: check.rule } : { result: 'fault', detail: fault };
  } catch (error) {
    // What is in front may hang up. That is no proof of anything, and the others can go on.
    const reason = error instanceof Error ? error.message : String(error);
    return { result: 'fault', detail: `could not be looked at: ${reason}` };
  }
}
