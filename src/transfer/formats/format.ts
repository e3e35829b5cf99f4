import type { Readable } from 'node:stream';

/** One user of a file, before it is checked. */
export interface Entry {
  /** Of the file; in a JSON document the number of the user. The first is 1. */
  readonly line: number;
  /** What the file says, under the names of `UserRecord`. Undefined: it can not be read. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Reads a file of users, a piece at a time: one of any length takes the same memory. */
export type UserFormat = (file: Readable) => AsyncIterable<Entry>;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
