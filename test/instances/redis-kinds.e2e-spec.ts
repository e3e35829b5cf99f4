import { Metrics } from '../../src/telemetry/metrics.js';
import { signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { figureIn } from '../support/metrics.js';
import { whoAmI } from '../support/refusals.js';
import { beginRevocationList } from '../support/redis.js';
import { RedisServer } from '../support/redis-server.js';
import { migrate, TestServer } from '../support/test-server.js';

const MASTER = 'latchkey-master';

interface Kind {
  /** What `REDIS_URL` names. */
  url: string;
  /** A connection to the master itself. */
  master: RedisServer;
  others: RedisServer[];
}

/** A Cluster of one node, which has all slots. */
async function cluster(): Promise<Kind> {
  const master = await RedisServer.create([
    'cluster-enabled yes',
    'cluster-require-full-coverage no',
    'cluster-announce-ip 127.0.0.1',
  ]);
  await master.command(0, 'CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await eventually('the cluster', async () => String(await master.command(0, 'CLUSTER', 'INFO')).includes('state:ok'));
  return { url: `redis+cluster://127.0.0.1:${master.port}`, master, others: [] };
}

async function sentinel(): Promise<Kind> {
  const master = await RedisServer.create();
  const watching = await RedisServer.create([`sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 1`], true);
  return { url: `redis+sentinel://127.0.0.1:${watching.port}/${MASTER}`, master, others: [watching] };
}

async function withPassword(): Promise<Kind> {
  const master = await RedisServer.create();
  await master.command(0, 'ACL', 'SETUSER', 'latchkey', 'on', '>p@ss/word', '~*', '&*', '+@all');
  return { url: `redis://latchkey:p%40ss%2Fword@127.0.0.1:${master.port}/3`, master, others: [] };
}

// Redis comes with PostgreSQL.
(testEngine === 'postgres' ? it : it.skip).each([
  ['a Cluster', cluster, 0],
  ['Sentinels', sentinel, 0],
  ['one Redis, with a user, a password and a database', withPassword, 3],
])('%s: revocation is checked in it, limits are counted in it, and its loss is survived', async (_, start, db) => {
  const { url, master, others } = await start();
  const databaseUrl = await temporaryDatabaseUrl();
  await migrate({ DATABASE_URL: databaseUrl });
  await beginRevocationList(databaseUrl, `${master.url}/${db}`, 900);
  const server = await TestServer.start({ databaseUrl, env: { REDIS_URL: url, RATE_LIMITS_ENABLED: 'true' } });
  const byList = async () =>
    figureIn(await server.app.get(Metrics).registry.metrics(), 'revocation_checks_total', '{source="list"}');

  const [user, other] = [await signUp(server), await signUp(server)];
  await eventually(
    'the list is used',
    async () => (await whoAmI(server, user.accessToken)) === user.id && (await byList()) > 0,
  );
  await server.call('mutation { logout }', {}, { token: other.accessToken });
  expect(await whoAmI(server, other.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
  expect(await master.command(db, 'EXISTS', 'limit:signup:127.0.0.1')).toBe(1);

  await master.kill();
  expect(await whoAmI(server, other.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');
  expect(await whoAmI(server, user.accessToken)).toBe(user.id);
  await server.call('mutation { logout }', {}, { token: user.accessToken });
  expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_REVOKED');

  await server.stop();
  for (const it of [master, ...others]) await it.remove();
  await dropDatabase(databaseUrl);
});
