import { envSchema } from './env.schema.js';
import type { ConfigProblem } from './env.types.js';

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=[ \t]*(.*)$/s;
const COMMENT = /^\s*#/;
const BLANK = /^\s*$/;
/** With the padding that an assignment to nothing looks like, and perhaps the quote behind it. */
const PADDED_BASE64 = /^\s*([A-Za-z\d+/]{4})*([A-Za-z\d+/]{3}=|[A-Za-z\d+/]{2}==)["']?\s*$/;

/** What a `.env` file sets. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Each line of which it is not plain what it sets, named by its number. */
  readonly problems: readonly ConfigProblem[];
  /** What such lines set, as far as they tell: nothing is known of it. */
  readonly unclear: readonly string[];
}

/**
 * Reads the text of a `.env` file. Values are literal: `$`, `#`, `\` and quotes inside are themselves, because in a
 * secret they are. A value that begins with a quote runs to the same quote at the end of a line, over several lines if
 * need be; other settings and comments never become a part of it. Ours because dotenv and Node's own reader cut an
 * unquoted value at `#` and turn `\n` into a line break.
 */
export function parseEnvFile(content: string): EnvFile {
  const values = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  const unclear = new Set<string>();
  const lines = content.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const refuse = (index: number, reason: string, name?: string) => {
    problems.push({ name: `.env line ${index + 1}`, reason });
    if (name !== undefined) unclear.add(name);
  };
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const [, name, rest] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || rest === undefined) {
      if (!COMMENT.test(line) && !BLANK.test(line)) refuse(index, 'is neither NAME=value nor a comment');
    } else if (values.has(name)) {
      refuse(index, `sets ${name} once more`, name);
    } else if (!isQuoted(rest)) {
      values.set(name, rest.trimEnd());
    } else {
      const quoted = quotedValue([rest, ...lines.slice(index + 1)]);
      if (!quoted) {
        refuse(
          index,
          'begins a value in quotes that does not end before the next setting or comment, or with something behind the last quote',
          name,
        );
        continue;
      }
      values.set(name, quoted.value);
      index += quoted.end;
    }
  }
  return { values: Object.fromEntries(values), problems, unclear: [...unclear] };
}

const isQuoted = (rest: string): boolean => rest.startsWith('"') || rest.startsWith("'");

/** The value that begins in the first of these lines, and the line that ends it. Undefined when it is not plain where that is. */
function quotedValue(lines: readonly string[]): { value: string; end: number } | undefined {
  const quote = lines[0]?.[0] ?? '';
  const closes = (text: string, index: number) => text.endsWith(quote) && (index > 0 || text.length > 1);
  const end = lines.findIndex((line, index) => closes(line.trimEnd(), index) || isOfItsOwn(line));
  const last = lines[end];
  if (last === undefined || isOfItsOwn(last)) return undefined;
  const text = lines.slice(0, end + 1).join('\n');
  const value = text.trimEnd().slice(1, -1);
  return hasCommentBehind(quote, value) ? undefined : { value, end };
}

/** A setting or a comment. */
function isOfItsOwn(line: string): boolean {
  const [, name] = ASSIGNMENT.exec(line) ?? [];
  if (name === undefined) return COMMENT.test(line);
  return Object.hasOwn(envSchema.shape, name) || !PADDED_BASE64.test(line);
}

/** Whoever writes a comment behind the closing quote, and a quote at its end, means neither as a part of the value. */
const hasCommentBehind = (quote: string, value: string): boolean =>
  value.split(quote).some((part, index) => index > 0 && /^\s+#/.test(part));
