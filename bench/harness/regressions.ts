import { readFileSync } from 'node:fs';
import type { Ratio } from './report.ts';

/** The medians of the last run that was kept: `npm run bench -- --save`. */
export const RATIOS = new URL('../ratios.json', import.meta.url);

const TOLERANCE = 1.25;

export interface Regression {
  readonly name: string;
  readonly committed: number;
  readonly measured: number;
}

/**
 * What is worse than it was by more than a quarter, in three of four rounds: one slow moment is none.
 *
 * @throws Error for a ratio that was never kept: nothing goes uncompared
 */
export function regressionsOf(ratios: readonly Ratio[]): Regression[] {
  const committed = JSON.parse(readFileSync(RATIOS, 'utf8')) as Readonly<Record<string, number>>;
  return ratios.flatMap(({ name, samples, better }) => {
    const former = committed[name];
    if (former === undefined) throw new Error(`Nothing was kept for "${name}": npm run bench -- --save`);
    const isWorse =
      better === 'less' ? samples.quantile(0.25) > former * TOLERANCE : samples.quantile(0.75) < former / TOLERANCE;
    return isWorse ? [{ name, committed: former, measured: samples.median }] : [];
  });
}
