import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { csvWriter } from '../transfer/formats/csv-writer.js';
import { type ExportedUser, UserExport } from '../transfer/user-export.service.js';
import { withChanges } from './operator-context.js';
import { tell } from './output.js';
import { isOfGoneReader } from './readers.js';

/** As they are called on the command line. */
export interface ExportOptions {
  readonly format: string;
  readonly hashes?: true;
}

/** What `users:export` does. */
export async function exportUsers(path: string, { format, hashes }: ExportOptions): Promise<void> {
  await withChanges(async (app) => {
    const users = Readable.from(app.get(UserExport).run({ withHashes: hashes === true }));
    const counted = { users: 0 };
    users.on('data', () => (counted.users += 1));
    const text = format === 'csv' ? csvWriter(hashes === true) : jsonLines();
    if (path === '-') return toOutput(users, text);
    // A new one: one that is there already may be open to others, or hold somebody's only export.
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(users, text, file).catch(async (error: unknown) => {
      // Not one of another's that is there already.
      if (!file.pending) await rm(path);
      throw error;
    });
    tell(`${counted.users} users written to ${path}.`, counted);
  });
}

async function toOutput(users: Readable, text: Transform): Promise<void> {
  await pipeline(users, text, process.stdout, { end: false }).catch((error: unknown) => {
    if (!isOfGoneReader(error)) throw error;
    // The reader has stopped and knows it. What was written is not all.
    process.exitCode = 1;
  });
}

const jsonLines = (): Transform =>
  new Transform({
    writableObjectMode: true,
    transform: (user: ExportedUser, _encoding, done) => done(null, `${JSON.stringify(user)}\n`),
  });
