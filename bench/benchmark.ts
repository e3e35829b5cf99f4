import { Audience } from './harness/audience.ts';
import { floor } from './harness/floors.ts';
import { databaseCpuMs, hasPostgres, hasRedis } from './harness/postgres.ts';
import { atMost, type Findings, type Target } from './harness/report.ts';
import { me, refresh, requestScenarios, type Scenario } from './harness/scenarios.ts';
import type { Workshop } from './harness/workshop.ts';
import { measureLogins, measureStorm } from './measurements/logins.ts';
import { measureMemory } from './measurements/memory.ts';
import { measurePeers } from './measurements/peers.ts';
import { type CpuSamples, measureRequests, requestFindings } from './measurements/requests.ts';
import { CHEAP_PASSWORDS, LARGE, measureScale, SMALL, visitorsOf } from './measurements/scale.ts';
import { measureStart } from './measurements/start.ts';
import { measureStatements } from './measurements/statements.ts';

const OURS = 'Latchkey';
const OURS_SCALED = 'Latchkey on PostgreSQL and Redis';
const APOLLO = 'bare Apollo';
const MERCURIUS = 'bare Mercurius';

const ROUNDS = 7;
const START_ROUNDS = 5;
const LOGIN_ROUNDS = 2;

export interface Extent {
  /** Only what takes little time: start, requests on SQLite, logins. */
  readonly isBrief: boolean;
  /** Servers of others, too, which have to be downloaded. */
  readonly withPeers: boolean;
}

/** So many that nobody refreshes more often than the limits allow (`refresh:session`: 60 in 10 minutes). */
const VISITORS = Array.from({ length: 320 }, (_, index) => index);

/** All parts, one after the other: whatever is measured has the machine for itself. */
export async function* benchmark(workshop: Workshop, { isBrief, withPeers }: Extent): AsyncGenerator<Findings> {
  const file = await workshop.sqlite('latchkey', SMALL);
  const ours = workshop.latchkey({ name: OURS, databaseUrl: `sqlite:${file}` });
  const apollo = floor(APOLLO, 'bare-apollo', workshop.copyOf(file, 'apollo'));
  const mercurius = floor(MERCURIUS, 'mercurius', workshop.copyOf(file, 'mercurius'));

  yield measureStart(ours, apollo, START_ROUNDS);

  const [own, bare, barest] = [
    await Audience.gather(await workshop.start(ours), VISITORS),
    await Audience.gather(await workshop.start(apollo), VISITORS),
    await Audience.gather(await workshop.start(mercurius), VISITORS),
  ];
  yield onSqlite(await measureRequests([own, bare, barest], requestScenarios, ROUNDS));
  yield measureLogins(own.server, LOGIN_ROUNDS);
  if (withPeers) yield measurePeers(workshop, own);
  if (isBrief) return workshop.clear();
  yield measureStorm(own);
  if (hasPostgres() && hasRedis()) yield* onPostgres(workshop, own);
  yield measureMemory(own, bare);
  await workshop.clear();

  yield onManyRows(workshop, 'SQLite', await sqliteFiles(workshop));
  await workshop.clear();
  if (!hasPostgres()) return;
  yield onManyRows(workshop, 'PostgreSQL', await postgresDatabases(workshop));
  await workshop.clear();
}

function onSqlite(samples: CpuSamples): Findings {
  const findings = requestFindings('SQLite', [OURS, APOLLO, MERCURIUS], samples);
  const targets = [me, refresh].flatMap((scenario) =>
    target(`CPU of ${scenario.name}, against bare Apollo`, samples, scenario, 1.25),
  );
  return { ...findings, targets };
}

async function* onPostgres(workshop: Workshop, onSqlite: Audience): AsyncGenerator<Findings> {
  const databaseUrl = await workshop.database(await workshop.postgres(), 'latchkey', SMALL);
  const { url: redisUrl } = await workshop.redis();
  const server = await workshop.start(workshop.latchkey({ name: OURS_SCALED, databaseUrl, redisUrl }));
  const audience = await Audience.gather(server, VISITORS);
  const samples = await measureRequests([audience, onSqlite], requestScenarios, ROUNDS);
  const findings = requestFindings('PostgreSQL and Redis', [OURS_SCALED, OURS], samples);
  yield { ...findings, targets: target('CPU of me on PostgreSQL and Redis, against SQLite', samples, me, 1.3) };
  yield measureStatements(databaseUrl, audience);
  await server.stop();
}

function target(name: string, samples: CpuSamples, scenario: Scenario, limit: number): Target[] {
  const [own, other] = samples.get(scenario) ?? [];
  return own && other ? [atMost(name, own.per(other).median, limit)] : [];
}

interface ManyRows {
  readonly databaseUrl: string;
  readonly users: readonly number[];
  readonly databaseCpuMs?: () => Promise<number>;
}

async function sqliteFiles(workshop: Workshop): Promise<ManyRows[]> {
  const sizes = [SMALL, LARGE];
  return Promise.all(
    sizes.map(async (size) => {
      const file = await workshop.sqlite(`users-${size.users}`, size, CHEAP_PASSWORDS.cost);
      return { databaseUrl: `sqlite:${file}`, users: visitorsOf(size) };
    }),
  );
}

async function postgresDatabases(workshop: Workshop): Promise<ManyRows[]> {
  const postgres = await workshop.postgres();
  const databases = [];
  for (const size of [SMALL, LARGE]) {
    const databaseUrl = await workshop.database(postgres, `users_${size.users}`, size, CHEAP_PASSWORDS.cost);
    databases.push({ databaseUrl, users: visitorsOf(size), databaseCpuMs: () => databaseCpuMs(databaseUrl) });
  }
  return databases;
}

async function onManyRows(workshop: Workshop, engine: string, databases: readonly ManyRows[]): Promise<Findings> {
  const audiences: Audience[] = [];
  for (const { databaseUrl, users, databaseCpuMs: ofDatabase } of databases) {
    const deployment = { name: OURS, databaseUrl, env: CHEAP_PASSWORDS.env };
    const server = await workshop.start(workshop.latchkey(deployment));
    const cpuMs = async () => (await server.cpuMs()) + ((await ofDatabase?.()) ?? 0);
    audiences.push(await Audience.gather(server, users, cpuMs));
  }
  const [small, large] = audiences;
  if (!small || !large) throw new Error('There are two sizes');
  return measureScale(engine, small, large, ROUNDS);
}
