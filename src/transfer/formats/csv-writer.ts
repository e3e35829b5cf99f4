import { stringify } from 'csv-stringify';
import type { Transform } from 'node:stream';
import type { ExportedUser } from '../user-export.service.js';
import { escapeFormula } from './csv-formula.js';

const COLUMNS: readonly (keyof ExportedUser)[] = [
  'externalId',
  'email',
  'passwordHash',
  'name',
  'roles',
  'emailVerified',
  'locale',
  'createdAt',
  'disabled',
];

/** Users as CSV (RFC 4180) that `readCsv` reads again, and that a spreadsheet shows without computing anything. */
export function csvWriter(withHashes: boolean): Transform {
  const columns = COLUMNS.filter((name) => withHashes || name !== 'passwordHash');
  return stringify({
    header: true,
    // A spreadsheet then guesses no numbers, dates or other separators.
    quoted: true,
    columns,
    cast: {
      string: escapeFormula,
      boolean: String,
      object: (names) => (Array.isArray(names) ? escapeFormula(names.join(' ')) : ''),
    },
  });
}
