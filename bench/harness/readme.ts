import { readFileSync, writeFileSync } from 'node:fs';
import { formatTable, type Table } from './report.ts';

const README = new URL('../README.md', import.meta.url);

/** Everything behind this line is of the last run that was kept. */
const RESULTS = '## The last run\n';

export function saveResults(tables: readonly Table[], machine: string): void {
  const [text = ''] = readFileSync(README, 'utf8').split(RESULTS);
  const day = new Date().toISOString().slice(0, 10);
  const results = tables.map(formatTable).join('\n\n');
  writeFileSync(README, `${text}${RESULTS}\n${day}; ${machine}.\n\n${results}\n`);
}
