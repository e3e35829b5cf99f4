import { pipeline, type Readable } from 'node:stream';
import { pick } from 'stream-json/filters/pick.js';
import { type StreamArrayItem, streamArray } from 'stream-json/streamers/stream-array.js';
import { badInput } from '../../common/bad-input.js';
import { type Entry, isObject } from './format.js';

/**
 * The list `users` of one JSON document, of which no more than one user is in memory.
 *
 * @throws AppError `BAD_USER_INPUT` where the document is broken: what follows can not be told apart
 */
export async function* readJsonUsers(
  file: Readable,
  fieldsOf: (user: Record<string, unknown>) => Record<string, unknown>,
): AsyncIterable<Entry> {
  const list = pick.withParserAsStream({ filter: 'users', once: true });
  const users = pipeline(file, list, streamArray.asStream(), () => undefined);
  try {
    for await (const { key, value } of users as AsyncIterable<StreamArrayItem>) {
      yield { line: key + 1, fields: isObject(value) ? fieldsOf(value) : undefined };
    }
  } catch (error) {
    // A file that can not be read says so itself.
    if (error instanceof Error && 'syscall' in error) throw error;
    throw badInput('file', 'must be one JSON document with a list of users');
  }
}
