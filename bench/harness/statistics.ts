import { median, quantileSorted } from 'simple-statistics';

/** What one figure was in each round. */
export class Samples {
  readonly values: readonly number[];

  constructor(values: readonly number[]) {
    this.values = values;
  }

  get median(): number {
    return median([...this.values]);
  }

  get least(): number {
    return Math.min(...this.values);
  }

  get most(): number {
    return Math.max(...this.values);
  }

  quantile(share: number): number {
    return quantileSorted(
      this.values.toSorted((a, b) => a - b),
      share,
    );
  }

  /** Round by round, so that what slows the machine for a while slows both. */
  per(other: Samples): Samples {
    return new Samples(this.values.map((value, round) => value / (other.values[round] ?? NaN)));
  }
}
