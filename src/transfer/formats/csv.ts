import { type CsvError, type Info, parse } from 'csv-parse';
import { pipeline, type Readable } from 'node:stream';
import { unescapeFormula } from './csv-formula.js';
import type { Entry } from './format.js';

type Row = Readonly<Record<string, string>>;

/** Longer than any user is: a quote that is never closed does not take the rest of the file into memory. */
const MAX_RECORD_BYTES = 1_000_000;

/**
 * CSV (RFC 4180) whose first line names the columns: our own names, and cells as an export of ours escapes them, unless
 * `fieldsOf` translates them. An empty cell is none.
 */
export async function* readCsv(
  file: Readable,
  fieldsOf: (row: Row) => Record<string, unknown> = unescaped,
): AsyncIterable<Entry> {
  const unreadable: Entry[] = [];
  const rows = pipeline(
    file,
    parse({
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      relax_quotes: true,
      max_record_size: MAX_RECORD_BYTES,
      skip_records_with_error: true,
      on_skip: (error) => void unreadable.push({ line: lineOf(error), fields: undefined }),
    }),
    // What fails comes out of the last stream.
    () => undefined,
  );
  for await (const { record, info } of rows as AsyncIterable<{ record: Row; info: Info }>) {
    // The parser is ahead of its reader.
    const before = unreadable.findIndex(({ line }) => line > info.lines);
    yield* unreadable.splice(0, before === -1 ? unreadable.length : before);
    yield { line: info.lines, fields: fieldsOf(withoutEmpty(record)) };
  }
  yield* unreadable;
}

const unescaped = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, unescapeFormula(cell)]));

const withoutEmpty = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ''));

const lineOf = (error: CsvError | undefined): number => Number(error?.['lines'] ?? 0);
