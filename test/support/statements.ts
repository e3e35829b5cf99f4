import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import type { TestServer } from './test-server.js';

/** The SQL statements that the server sends while `work` is done. */
export async function statementsOf(server: TestServer, work: () => Promise<unknown>): Promise<string[]> {
  const log = jest.spyOn(server.app.get(MikroORM).config.getLogger(), 'logQuery');
  try {
    await work();
    // Heartbeats, jobs and the reading of keys go on meanwhile.
    const queries = log.mock.calls.map(([{ query = '' }]) => query);
    return queries.filter((query) => !/revocation_list|"?jobs"?|signing_keys/.test(query));
  } finally {
    log.mockRestore();
  }
}
