/** What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV Injection), also behind apostrophes of ours. */
const FORMULA = /^'*[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/;

/** A cell that no spreadsheet computes: with an apostrophe in front, which it takes for the sign of a text. */
export const escapeFormula = (cell: string): string => (FORMULA.test(cell) ? `'${cell}` : cell);

/** The cell that was escaped. Any other is its own. */
export const unescapeFormula = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
