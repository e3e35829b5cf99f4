import type { Audience } from '../harness/audience.ts';
import { type Size } from '../harness/data.ts';
import { atMost, figure, type Findings, spread } from '../harness/report.ts';
import { login, me, refresh, type Scenario } from '../harness/scenarios.ts';
import { measureRequests } from './requests.ts';

export const SMALL: Size = { users: 1_000, sessions: 5_000 };
export const LARGE: Size = { users: 1_000_000, sessions: 5_000_000 };

/** People all over the table, each of whom asks now and then: no row is asked for twice in a row. */
const VISITORS = 500;

/** Passwords cost next to nothing here: what is measured of a login is everything else. */
export const CHEAP_PASSWORDS = { cost: 4, env: { NODE_ENV: 'test', BCRYPT_COST: '4' } } as const;

const SCENARIOS: readonly Scenario[] = [
  { ...me, requests: 2_000, visitors: VISITORS },
  { ...refresh, requests: 500 },
  { ...login, requests: 500 },
];

export const visitorsOf = ({ users }: Size): number[] =>
  Array.from({ length: VISITORS }, (_, index) => index * Math.floor(users / VISITORS));

/** CPU of a request, the database's included, with many rows against few. */
export async function measureScale(
  engine: string,
  small: Audience,
  large: Audience,
  rounds: number,
): Promise<Findings> {
  const samples = await measureRequests([large, small], SCENARIOS, rounds);
  const found = [...samples].flatMap(([{ name }, [many, few]]) => (many && few ? [{ name, many, few }] : []));
  return {
    tables: [
      {
        title: `${engine}: ${LARGE.users.toLocaleString('en')} users and ${LARGE.sessions.toLocaleString('en')} sessions`,
        head: ['CPU for each request', 'that many', `${SMALL.users.toLocaleString('en')} users`, 'ratio'],
        rows: found.map(({ name, many, few }) => [
          name,
          `${figure(many.median)} ms`,
          `${figure(few.median)} ms`,
          spread(many.per(few)),
        ]),
      },
    ],
    targets: found.map(({ name, many, few }) =>
      atMost(`${name} with a thousand times the rows, ${engine}`, many.per(few).median, 1.1),
    ),
    medians: Object.fromEntries(
      found.flatMap(({ name, many, few }) => [
        [`cpu ms: ${name}: ${engine}, large`, many.median],
        [`cpu ms: ${name}: ${engine}, small`, few.median],
      ]),
    ),
  };
}
