import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import { currentRequestId } from '../../src/common/request-id.js';
import type { TestServer } from './test-server.js';

interface Statement {
  readonly sql: string;
  /** False for heartbeats, jobs and whatever else goes on in the background. */
  readonly isOfRequest: boolean;
}

/** Every SQL statement that the server sends while `work` is done. */
export async function allStatementsOf(server: TestServer, work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const logger = server.app.get(MikroORM).config.getLogger();
  const log = jest.spyOn(logger, 'logQuery').mockImplementation(({ query: sql = '' }) => {
    statements.push({ sql, isOfRequest: currentRequestId() !== undefined });
  });
  try {
    await work();
    return statements;
  } finally {
    log.mockRestore();
  }
}

/** The SQL statements that the server sends for requests while `work` is done. */
export async function statementsOf(server: TestServer, work: () => Promise<unknown>): Promise<string[]> {
  const statements = await allStatementsOf(server, work);
  return statements.filter(({ isOfRequest }) => isOfRequest).map(({ sql }) => sql);
}
