import { markdownTable } from 'markdown-table';
import type { Regression } from './regressions.ts';
import type { Samples } from './statistics.ts';

/** A figure that the project promises. */
export interface Target {
  readonly name: string;
  readonly value: number;
  readonly target: number;
  readonly met: boolean;
}

export const atMost = (name: string, value: number, target: number): Target => ({
  name,
  value,
  target,
  met: value <= target,
});
export const atLeast = (name: string, value: number, target: number): Target => ({
  name,
  value,
  target,
  met: value >= target,
});

/** How Latchkey stands to something else, round by round of one run. */
export interface Ratio {
  readonly name: string;
  readonly samples: Samples;
  readonly better: 'less' | 'more';
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What one part of the benchmark found. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  readonly ratios?: readonly Ratio[];
  /** Medians, by name. */
  readonly medians: Readonly<Record<string, number>>;
}

export function formatTable({ title, head, rows }: Table): string {
  const align = head.map((_, column) => (column === 0 ? 'l' : 'r'));
  return `### ${title}\n\n${markdownTable([head, ...rows], { align })}`;
}

export function targetsTable(targets: readonly Target[]): Table {
  const rows = targets.map(({ name, value, target, met }) => [name, figure(value), String(target), met ? 'yes' : 'NO']);
  return { title: 'Targets', head: ['figure', 'measured', 'target', 'met'], rows };
}

export function regressionsTable(regressions: readonly Regression[]): Table {
  const rows = regressions.map(({ name, committed, measured }) => [name, figure(committed), figure(measured)]);
  return { title: `Regressions: ${rows.length}`, head: ['ratio', 'kept', 'measured'], rows };
}

/** The median, and between which values all rounds were. */
export const spread = (samples: Samples, unit = ''): string =>
  `${figure(samples.median)}${unit} (${figure(samples.least)}-${figure(samples.most)})`;

/** Three digits, whatever the size. */
export const figure = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
