/** Where a cell begins: also for a spreadsheet that takes another separator than the comma, and so loses count of the quotes. */
const START = String.raw`(?<=^|[;|\t\r\n])`;

/** What a spreadsheet takes for a formula at the start of a cell (OWASP, CSV Injection), also behind quotes and apostrophes of ours. */
const FORMULA = String.raw`(?=['"]*[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20])`;

const UNESCAPED = new RegExp(START + FORMULA, 'g');
const ESCAPED = new RegExp(`${START}'${FORMULA}`, 'g');

/** A cell that no spreadsheet computes: with an apostrophe before each formula, which it takes for the sign of a text. */
export const escapeFormula = (cell: string): string => cell.replace(UNESCAPED, "'");

/** The cell that was escaped. Any other is its own. */
export const unescapeFormula = (cell: string): string => cell.replace(ESCAPED, '');
