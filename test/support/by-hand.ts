import type { SqlEntityManager } from '@mikro-orm/sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { testEngine } from './database.js';
import type { TestServer } from './test-server.js';

/** So long after a heartbeat that found it good. */
const NOTICED_MS = 350;

/**
 * Changes rows behind the server's back, as an operator's SQL does. Where Redis spares requests the database, such a change
 * counts as soon as the list of revocations is no longer trusted.
 */
export async function changeByHand(
  server: TestServer,
  change: (em: SqlEntityManager) => Promise<unknown>,
): Promise<void> {
  await change(server.em());
  if (testEngine === 'postgres') await delay(NOTICED_MS);
}
