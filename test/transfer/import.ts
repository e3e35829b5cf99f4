import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readAuth0 } from '../../src/transfer/formats/auth0.js';
import { readCsv } from '../../src/transfer/formats/csv.js';
import { firebaseFormat } from '../../src/transfer/formats/firebase.js';
import type { UserFormat } from '../../src/transfer/formats/format.js';
import { readJsonLines } from '../../src/transfer/formats/json-lines.js';
import { readKeycloak } from '../../src/transfer/formats/keycloak.js';
import { supabaseFormat } from '../../src/transfer/formats/supabase.js';
import { type ImportRules, type LineOutcome, UserImport } from '../../src/transfer/user-import.service.js';
import type { TestServer } from '../support/test-server.js';

export const exportPath = (name: string): string => fileURLToPath(new URL(`exports/${name}`, import.meta.url));

/** Exports with fictitious users, as the vendors' documentation describes them. Passwords: `the old password of NAME`. */
const EXPORTS: Readonly<Record<string, UserFormat>> = {
  'auth0.ndjson': readAuth0,
  'firebase.json': firebaseFormat(readFileSync(exportPath('firebase-hash-config.txt'), 'utf8')),
  'keycloak-realm.json': readKeycloak,
  'supabase.csv': supabaseFormat(new Date('2026-01-01T00:00:00Z')),
  'users.csv': readCsv,
  'users.jsonl': readJsonLines,
};

export interface ImportOptions extends ImportRules {
  dryRun?: true;
}

export interface ImportRun extends ImportOptions {
  read: UserFormat;
  file: Readable;
}

export async function importFrom(
  server: TestServer,
  { read, file, dryRun, ...rules }: ImportRun,
): Promise<LineOutcome[]> {
  const users = server.app.get(UserImport);
  const entries = read(file);
  const all: LineOutcome[] = [];
  for await (const outcomes of dryRun ? users.dryRun(entries, rules) : users.run(entries, rules)) all.push(...outcomes);
  return all;
}

export const importExport = (server: TestServer, name: string): Promise<LineOutcome[]> => {
  const read = EXPORTS[name];
  if (!read) throw new Error(`There is no export ${name}`);
  return importFrom(server, { read, file: createReadStream(exportPath(name)) });
};

/** Each line a text, or a value to be written in JSON. */
export const importLines = (
  server: TestServer,
  lines: readonly unknown[],
  options: ImportOptions = {},
): Promise<LineOutcome[]> => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return importFrom(server, {
    read: readJsonLines,
    file: Readable.from([Buffer.from(text)]),
    ...options,
  });
};
