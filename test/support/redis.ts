import { MikroORM } from '@mikro-orm/core';
import { Redis } from 'ioredis';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { REVOCATION_LIST, RevocationListState } from '../../src/revocation/revocation-list.entity.js';
import { formatList, RevocationStore } from '../../src/revocation/revocation-store.js';

/** A numbered database of the suite's Redis for each database: whoever shares the one shares the other. */
export async function redisUrlFor(databaseUrl: string): Promise<string> {
  const suite = process.env['TEST_REDIS_URL'];
  if (suite === undefined) throw new Error('TEST_REDIS_URL is not set: this file belongs into the postgres project');
  const client = new Redis(suite);
  const { pathname } = new URL(databaseUrl);
  const known = await client.hget('databases', pathname);
  const number = known ?? String(await client.incr('count'));
  if (known === null) await client.hset('databases', pathname, number);
  client.disconnect();
  return `${suite}/${number}`;
}

/**
 * Begins a list of revocations that is complete from the start, for a new database whose first token is yet to be issued:
 * a server's own list would know no token of the next minute.
 */
export async function beginRevocationList(databaseUrl: string, redisUrl: string, tokenTtl: number): Promise<void> {
  const client = new Redis(redisUrl);
  const store = new RevocationStore(client);
  const orm = await MikroORM.init(ormOptions({ DATABASE_URL: databaseUrl }, entities));
  const { runId } = await store.heartbeat(0);
  const list = formatList(runId, 0, tokenTtl, 'of-a-test');
  const isNew = { id: REVOCATION_LIST, list: null, droppedAt: null };
  const changed = await orm.em.fork().nativeUpdate(RevocationListState, isNew, { list: list.text });
  if (changed === 1) await store.begin(list);
  await orm.close();
  client.disconnect();
}
