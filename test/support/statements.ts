import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import type { TestServer } from './test-server.js';

/** The SQL statements that the server sends while `work` is done. */
export async function statementsOf(server: TestServer, work: () => Promise<unknown>): Promise<string[]> {
  const log = jest.spyOn(server.app.get(MikroORM).config.getLogger(), 'logQuery');
  try {
    await work();
    // The heartbeat of the revocation list goes on meanwhile.
    return log.mock.calls.map(([{ query = '' }]) => query).filter((query) => !query.includes('revocation_list'));
  } finally {
    log.mockRestore();
  }
}
