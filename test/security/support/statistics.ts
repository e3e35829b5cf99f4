/** The chance that a random one of `a` is greater than a random one of `b`: 0.5 when nobody can tell them apart. */
export function areaUnderCurve(a: readonly number[], b: readonly number[]): number {
  const wins = a.map((x) => b.reduce((sum, y) => sum + (x > y ? 1 : x === y ? 0.5 : 0), 0));
  return sum(wins) / (a.length * b.length);
}

/** Welch's t: how many standard errors lie between the two means. */
export function welch(a: readonly number[], b: readonly number[]): number {
  return (mean(a) - mean(b)) / Math.sqrt(variance(a) / a.length + variance(b) / b.length);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const variance = (values: readonly number[]) =>
  sum(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1);
