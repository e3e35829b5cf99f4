import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Audience } from '../harness/audience.ts';
import { atMost, figure, type Findings } from '../harness/report.ts';
import { usersPage } from '../harness/scenarios.ts';

const REQUESTS = 300;

/** PostgreSQL publishes what a connection did about a second after it. */
const PUBLISHED_MS = 1_500;

const SIZES = [5, 20, 50];

/** How many statements a page of users takes, as PostgreSQL counts them: each is a transaction of its own. */
export async function measureStatements(url: string, audience: Audience): Promise<Findings> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const count = async (): Promise<number> => {
    const sql = 'SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()';
    const { rows } = await client.query<{ n: string }>(sql);
    return Number(rows[0]?.n);
  };
  const during = async (work: () => Promise<unknown>): Promise<{ statements: number; ms: number }> => {
    const [before, started] = [await count(), performance.now()];
    await work();
    await delay(PUBLISHED_MS);
    return { statements: (await count()) - before, ms: performance.now() - started };
  };
  // Heartbeats and jobs.
  const idle = await during(() => delay(2_000));
  const perRequest: number[] = [];
  for (const size of SIZES) {
    const { statements, ms } = await during(() => audience.ask({ ...usersPage(size), requests: REQUESTS }));
    perRequest.push((statements - (idle.statements * ms) / idle.ms) / REQUESTS);
  }
  await client.end();
  const most = Math.round(Math.max(...perRequest));
  return {
    tables: [
      {
        title: 'Statements of a page of users',
        head: ['', ...SIZES.map((size) => `first: ${size}`)],
        rows: [['statements', ...perRequest.map(figure)]],
      },
    ],
    targets: [atMost('statements of users(first: 5, 20, 50)', most, 3)],
    medians: Object.fromEntries(
      SIZES.map((size, index) => [`statements: users(first: ${size})`, perRequest[index] ?? NaN]),
    ),
  };
}
