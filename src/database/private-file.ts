import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';

const OWNER_ALONE = 0o600;

/**
 * Makes the file of a database, and the folder where there is none, for this user alone: it holds password hashes. SQLite gives
 * `-wal` and `-shm` the mode of the file. Those that are there and open to others are closed to them.
 */
export function keepPrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', OWNER_ALONE));
  for (const part of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(part)) narrow(part);
}

function narrow(file: string): void {
  try {
    chmodSync(file, OWNER_ALONE);
  } catch {
    // Of another user, who lets us write to it.
    new Logger('Database').warn(`The mode of ${file} cannot be changed: see to it that nobody else can read it.`);
  }
}
