import { readFileSync } from 'node:fs';
import {
  type BackoffLimits,
  type Budget,
  OPERATION_BUDGETS,
  OTHER_MUTATIONS,
  WRONG_PASSWORDS,
} from '../../src/throttle/limits.js';
import { documentedTable } from '../support/documented-table.js';

const FILE = 'rate-limits.md';

describe('docs/rate-limits.md', () => {
  it('has every budget of an operation', () => {
    const budgets = { ...OPERATION_BUDGETS, 'any other mutation': OTHER_MUTATIONS };
    const cells = (budget: Budget | 'unlimited') =>
      budget === 'unlimited' ? ['any', '', ''] : [String(budget.attempts), `${String(budget.seconds)} s`, budget.per];
    const rows = Object.entries(budgets).map(([name, budget]) => [name, cells(budget)]);
    expect([...documentedTable('Operations', FILE)]).toEqual(rows);
  });

  it('has every limit on wrong passwords', () => {
    const row = ({ atOnce, longestDelay, memory }: BackoffLimits) => [
      String(atOnce),
      `1 s, 2 s, 4 s … up to ${String(longestDelay)} s`,
      `${String(memory)} s`,
    ];
    const { account, address } = WRONG_PASSWORDS;
    expect([...documentedTable('Wrong passwords', FILE).values()]).toEqual([row(account), row(account), row(address)]);
  });

  it('says how many guesses that makes in an hour and in a day', () => {
    const guesses = [3600, 86_400].map((seconds) => guessesWithin(seconds, WRONG_PASSWORDS.account));
    expect(readFileSync(new URL(`../../docs/${FILE}`, import.meta.url), 'utf8')).toContain(
      `${String(guesses[0])} guesses at an account in the first hour and ${String(guesses[1])} in the first day`,
    );
  });
});

function guessesWithin(seconds: number, { atOnce, longestDelay }: BackoffLimits): number {
  let [guesses, moment, delay] = [atOnce, 1, 1];
  while (moment <= seconds) {
    guesses += 1;
    delay = Math.min(delay * 2, longestDelay);
    moment += delay;
  }
  return guesses;
}
