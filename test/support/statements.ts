import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import type { TestServer } from './test-server.js';

/** Heartbeats, jobs and the reading of keys go on meanwhile. */
const BACKGROUND = /revocation_list|"jobs"|signing_keys/;

/** The SQL statements that the server sends while `work` is done, but for those in the background. */
export async function statementsOf(
  server: TestServer,
  work: () => Promise<unknown>,
  background = BACKGROUND,
): Promise<string[]> {
  const log = jest.spyOn(server.app.get(MikroORM).config.getLogger(), 'logQuery');
  try {
    await work();
    return log.mock.calls.map(([{ query = '' }]) => query).filter((query) => !background.test(query));
  } finally {
    log.mockRestore();
  }
}
