import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import { currentRequestId } from '../../src/common/request-id.js';
import type { TestServer } from './test-server.js';

/** The SQL statements that the server sends for requests while `work` is done. Heartbeats and jobs, which go on meanwhile, do not count. */
export async function statementsOf(server: TestServer, work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const logger = server.app.get(MikroORM).config.getLogger();
  const log = jest.spyOn(logger, 'logQuery').mockImplementation(({ query = '' }) => {
    if (currentRequestId() !== undefined) statements.push(query);
  });
  try {
    await work();
    return statements;
  } finally {
    log.mockRestore();
  }
}
