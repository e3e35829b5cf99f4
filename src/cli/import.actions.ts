import { createReadStream, ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { badInput } from '../common/bad-input.js';
import { Clock } from '../common/clock.js';
import { readAuth0 } from '../transfer/formats/auth0.js';
import { readCsv } from '../transfer/formats/csv.js';
import { firebaseFormat } from '../transfer/formats/firebase.js';
import type { Entry, UserFormat } from '../transfer/formats/format.js';
import { readJsonLines } from '../transfer/formats/json-lines.js';
import { readKeycloak } from '../transfer/formats/keycloak.js';
import { supabaseFormat } from '../transfer/formats/supabase.js';
import { UserImport } from '../transfer/user-import.service.js';
import { ImportReport } from './import-report.js';
import { withChanges, withServices } from './operator-context.js';
import { isUnread } from './readers.js';
import type { UnconfirmedOption } from './unconfirmed.js';

const FORMATS: Readonly<Record<string, UserFormat>> = {
  'json-lines': readJsonLines,
  csv: readCsv,
  auth0: readAuth0,
  keycloak: readKeycloak,
  supabase: supabaseFormat(new Clock().now()),
};

/** As they are called on the command line. */
export interface ImportOptions extends UnconfirmedOption {
  readonly format?: string;
  readonly hashConfig?: string;
  readonly dryRun?: true;
  readonly from?: number;
}

/** What `users:import` does. */
export async function importUsers(path: string, options: ImportOptions): Promise<void> {
  const { from = 1, dryRun = false } = options;
  const read = await formatOf(path, options);
  const bytes = path === '-' ? undefined : (await stat(path)).size;
  const file = path === '-' ? process.stdin : createReadStream(path);
  await (dryRun ? withServices : withChanges)(async (app) => {
    const users = app.get(UserImport);
    const report = new ImportReport(dryRun, bytes);
    const entries = startingAt(from, read(file), report);
    try {
      for await (const outcomes of dryRun ? users.dryRun(entries, options) : users.run(entries, options)) {
        report.add(outcomes, file instanceof ReadStream ? file.bytesRead : 0);
        if (report.isInterrupted || (dryRun && isUnread())) break;
      }
      report.end();
    } catch (error) {
      report.fail();
      throw error;
    }
  });
}

async function formatOf(path: string, { format, hashConfig }: ImportOptions): Promise<UserFormat> {
  if (format === 'firebase') {
    if (!hashConfig) throw badInput('--hash-config', 'is needed for firebase');
    return firebaseFormat(await readFile(hashConfig, 'utf8'));
  }
  const byName = /\.csv$/i.test(path) ? 'csv' : /\.(jsonl|ndjson)$/i.test(path) ? 'json-lines' : undefined;
  const read = FORMATS[format ?? byName ?? ''];
  if (!read) throw badInput('--format', 'is needed, because the name of the file does not tell it');
  return read;
}

async function* startingAt(line: number, entries: AsyncIterable<Entry>, report: ImportReport): AsyncIterable<Entry> {
  for await (const entry of entries) {
    if (entry.line >= line) yield entry;
    else report.passOver(entry.line);
  }
}
