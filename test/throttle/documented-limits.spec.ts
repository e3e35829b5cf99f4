import { readFileSync } from 'node:fs';
import {
  type BackoffLimits,
  type Budget,
  MAIL_BUDGETS,
  OPERATION_LIMITS,
  OTHER_MUTATIONS,
  WRONG_PASSWORDS,
} from '../../src/throttle/limits.js';
import { documentedTable } from '../support/documented-table.js';

const FILE = 'rate-limits.md';
const PERS = ['address', 'user'] as const;

describe('docs/rate-limits.md', () => {
  it('has every budget of an operation', () => {
    const limits = { ...OPERATION_LIMITS, 'any other mutation': { budgets: [OTHER_MUTATIONS] } };
    const cell = (budgets: readonly Budget[], per: Budget['per']) => {
      const budget = budgets.find((it) => it.per === per);
      return budget ? `${String(budget.attempts)} in ${String(budget.seconds)} s` : '';
    };
    const rows = Object.entries(limits).map(([name, { budgets }]) => [
      name,
      budgets.length === 0 ? PERS.map(() => 'any') : PERS.map((per) => cell(budgets, per)),
    ]);
    expect([...documentedTable('Operations', FILE)]).toEqual(rows);
  });

  it('has every budget of mails', () => {
    const rows = Object.entries(MAIL_BUDGETS).map(([mail, { attempts, seconds }]) => [
      mail,
      [`${String(attempts)} in ${String(seconds)} s`],
    ]);
    expect([...documentedTable('Mails', FILE)]).toEqual(rows);
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
