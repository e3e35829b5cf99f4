/** `npm run test:soak` runs the long form of every scenario; the short one is part of `npm test`. */
export const isSoak = process.env['SOAK'] === 'true';

/** Of a scenario: how often its fault happens. */
export const times = (short: number, long: number): number => (isSoak ? long : short);

export const SCENARIO_TIMEOUT_MS = isSoak ? 4 * 3_600_000 : 180_000;

/** A line of figures for whoever runs the long form. */
export function print(scenario: string, figures: Record<string, number | string>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`  ${scenario}: ${text.join(', ')}\n`);
}

/** The value below which so much of them lies, rounded. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}
