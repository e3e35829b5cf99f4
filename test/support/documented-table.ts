import { readFileSync } from 'node:fs';

/** The rows of the table under a heading of a file in docs/: the first cell, and the others. Without code marks. */
export function documentedTable(heading: string, file = 'errors.md'): Map<string, string[]> {
  const text = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = [...section.matchAll(/^\| (.+) \|$/gm)]
    .slice(2)
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  return new Map(rows.map(([name = '', ...cells]) => [name, cells]));
}
