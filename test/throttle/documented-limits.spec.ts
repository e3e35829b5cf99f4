import { readFileSync } from 'node:fs';
import {
  type BackoffLimits,
  type Budget,
  MAIL_BUDGETS,
  MAIL_FOR_NO_LINK,
  OPERATION_LIMITS,
  type OperationLimit,
  OTHER_MUTATIONS,
  WRONG_PASSWORDS,
} from '../../src/throttle/limits.js';
import type { LimiterBudget } from '../../src/throttle/limiter.js';
import { documentedTable } from '../support/documented-table.js';

const FILE = 'rate-limits.md';

const text = readFileSync(new URL(`../../docs/${FILE}`, import.meta.url), 'utf8').replaceAll('\n', ' ');

describe('docs/rate-limits.md', () => {
  it('has every budget of an operation', () => {
    const limits = { ...OPERATION_LIMITS, 'any other mutation': { budgets: [OTHER_MUTATIONS] } };
    const inWords = ({ attempts, seconds }: LimiterBudget) => `${String(attempts)} in ${String(seconds)} s`;
    const cell = (budgets: readonly Budget[], per: Budget['per']) => {
      const budget = budgets.find((it) => it.per === per);
      if (!budget) return '';
      return budget.reserve ? `${inWords(budget)}, beyond ${inWords(budget.reserve)} of each session` : inWords(budget);
    };
    const rows = Object.entries<OperationLimit>(limits).map(([name, { budgets, proof }]) => [
      name,
      budgets.length === 0
        ? ['any', 'any', 'any', 'any']
        : [
            cell(budgets, 'address'),
            proof ? `${proof.of}: ${inWords(proof)}` : '',
            cell(budgets, 'session'),
            cell(budgets, 'actor'),
          ],
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

  it('says how many go out beyond them to an account without a link', () => {
    expect(MAIL_FOR_NO_LINK.attempts).toBe(1);
    expect(text).toContain(`one of each kind in ${String(MAIL_FOR_NO_LINK.seconds)} s.`);
  });

  it('has every limit on wrong passwords', () => {
    const row = ({ atOnce, longestDelay, memory }: BackoffLimits) => [
      String(atOnce),
      `1 s, 2 s, 4 s … up to ${String(longestDelay)} s`,
      `${String(memory)} s`,
    ];
    const { account, address } = WRONG_PASSWORDS;
    const limits = [account, account, account, account, address, address];
    expect([...documentedTable('Wrong passwords', FILE).values()]).toEqual(limits.map(row));
  });

  it('says how many wrong passwords of known devices are spared', () => {
    expect(text).toContain(
      `The first ${String(WRONG_PASSWORDS.spared)} wrong passwords of the known devices of an account`,
    );
  });

  it('says how many guesses that makes in an hour and in a day', () => {
    const guesses = [3600, 86_400].map((seconds) => guessesWithin(seconds, WRONG_PASSWORDS.account));
    expect(text).toContain(
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
