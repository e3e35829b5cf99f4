const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=[ \t]*(.*)$/s;

/**
 * Reads the text of a `.env` file. Values are literal: `$`, `#`, `\` and quotes inside are themselves, because in a
 * secret they are. A value that begins with a quote runs to the same quote at the end of a line, over several lines if
 * need be. Ours because dotenv and Node's own reader cut an unquoted value at `#` and turn `\n` into a line break.
 */
export function parseEnvFile(content: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const [, name, rest] = ASSIGNMENT.exec(lines[index] ?? '') ?? [];
    if (name === undefined || rest === undefined) continue;
    const end = endOfQuoted(rest, lines, index);
    if (end === undefined) {
      values[name] = rest.trimEnd();
      continue;
    }
    const quoted = [rest, ...lines.slice(index + 1, end + 1)].join('\n').trimEnd();
    values[name] = quoted.slice(1, -1);
    index = end;
  }
  return values;
}

/** The line on which a quoted value ends, or undefined when it is not quoted (or never closed, hence not quoted). */
function endOfQuoted(rest: string, lines: readonly string[], start: number): number | undefined {
  const quote = rest[0];
  if (quote !== '"' && quote !== "'") return undefined;
  if (rest.trimEnd().length > 1 && rest.trimEnd().endsWith(quote)) return start;
  const end = lines.findIndex((line, index) => index > start && line.trimEnd().endsWith(quote));
  return end === -1 ? undefined : end;
}
