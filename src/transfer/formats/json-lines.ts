import { pipeline, type Readable } from 'node:stream';
import split from 'split2';
import { type Entry, isObject } from './format.js';

/** One JSON object a line (https://jsonlines.org), under our own names unless `fieldsOf` translates them. */
export async function* readJsonLines(
  file: Readable,
  fieldsOf: (user: Record<string, unknown>) => Record<string, unknown> = (user) => user,
): AsyncIterable<Entry> {
  // Not `readline`: it ends a line also at U+2028, which JSON may hold.
  const lines = pipeline(file, split(), () => undefined);
  let line = 0;
  for await (const text of lines as AsyncIterable<string>) {
    line += 1;
    if (text.trim() === '') continue;
    const user = parse(text.replace(/^\uFEFF/, ''));
    yield { line, fields: user && fieldsOf(user) };
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
