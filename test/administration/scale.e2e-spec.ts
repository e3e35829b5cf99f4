import { jest } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { isSoak, print, times } from '../faults/support/scale.js';
import { logIn } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { ServerProcess } from '../support/server-process.js';
import { migrate } from '../support/test-server.js';

jest.setTimeout(isSoak ? 1_200_000 : 300_000);

const ADMIN = { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a long bootstrap password' };
const FEW = 1_000;
const MANY = times(100_000, 1_000_000);
const ROUNDS = times(5, 21);

/** What is asked for, where the machine is quiet. Of 100,000 PostgreSQL still reads some thousand in order: 3 ms, and 3.3 times. */
const BOUND = times(6, 1.5);

/** No more than the rarest search finds among few: pages are compared that hold the same number of rows. */
const PAGE = 5;

/** Users as they would have come over the years: a third never signed in, one in 200 has the same last name. */
const FILL = `
  insert into users (id, email, email_verified, name, version, created_at, last_login_at)
  select gen_random_uuid(), 'user' || i || '@' || (array['example.com', 'example.org', 'example.net'])[1 + i % 3], i % 5 <> 0,
    (array['Ada', 'Grace', 'Alan', 'Barbara', 'Edsger', 'Donald', 'Tony', 'John', 'Radia', 'Frances'])[1 + (i * 7) % 10]
      || ' Lastname' || lpad((i % 200)::text, 3, '0'), 1, '2020-01-01'::timestamptz + i * interval '1 minute',
    case when i % 3 = 0 then null else '2021-01-01'::timestamptz + (i * 7919::bigint % 1000000) * interval '1 minute' end
  from generate_series(1, $1::int) i`;

interface Installation {
  databaseUrl: string;
  server: ServerProcess;
  token: string;
}

async function install(users: number): Promise<Installation> {
  const databaseUrl = await temporaryDatabaseUrl();
  await migrate({ DATABASE_URL: databaseUrl });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(FILL, [users]);
  await client.query(`insert into user_roles (user_id, role_name) select id, 'user' from users`);
  await client.query('vacuum analyze');
  await client.end();
  const secret = randomBytes(32).toString('base64url');
  const server = await ServerProcess.start({ env: { DATABASE_URL: databaseUrl, JWT_SECRET: secret, ...ADMIN } });
  const { accessToken } = await logIn(server, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD);
  return { databaseUrl, server, token: accessToken };
}

interface Connection {
  users: { nodes: { id: string }[]; pageInfo: { endCursor: string; startCursor: string }; totalCount?: number };
}

const QUERY = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes { id email name roles createdAt lastLoginAt disabledAt } totalCount pageInfo { startCursor endCursor }
  }
}`;

const ask = ({ server, token }: Installation, variables: object): Promise<GraphQLAnswer<Connection>> =>
  server.call<Connection>(QUERY, { ...variables }, { token });

/** A cursor in the middle of what is found. Of everybody it is made as the server makes it: the way there is long. */
async function middleOf(installation: Installation, base: Base, property: string): Promise<string | undefined> {
  if (!base.filter) return middleOfAll(installation, property);
  const { data } = await ask(installation, { ...base, first: 1 });
  const half = Math.floor((data?.users.totalCount ?? 0) / 2);
  let after: string | undefined;
  for (let read = 0; read < half; read += 100) {
    const page = await ask(installation, { ...base, first: Math.min(100, half - read), after });
    after = page.data?.users.pageInfo.endCursor;
  }
  return after;
}

async function middleOfAll({ databaseUrl }: Installation, property: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ value: Date | string; id: string }>(
    `select ${property} as value, id from users where ${property} is not null order by ${property}, id
     offset (select count(*) / 2 from users where ${property} is not null) limit 1`,
  );
  await client.end();
  return Buffer.from(JSON.stringify([rows[0]?.value, rows[0]?.id])).toString('base64url');
}

const ORDERS = { CREATED_AT_DESC: 'created_at', EMAIL_ASC: 'email', LAST_LOGIN_DESC: 'last_login_at' } as const;

/** Everybody; whom one in ten begins with, one in two hundred, some that came one after the other, one, and nobody. */
const SEARCHES = [undefined, 'example', 'radia', 'lastname007', 'user5', 'user50', 'user777@', 'nobody'];

interface Base {
  orderBy: string;
  filter?: { search: string };
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

// SQLite is for one machine and what fits on it: it has no index for parts of words.
(testEngine === 'postgres' ? describe : describe.skip)(`the list of ${MANY} users`, () => {
  let small: Installation;
  let great: Installation;
  beforeAll(async () => {
    small = await install(FEW);
    great = await install(MANY);
  });
  afterAll(async () => {
    for (const { server, databaseUrl } of [small, great]) {
      await server.remove();
      await dropDatabase(databaseUrl);
    }
  });

  const cases = Object.entries(ORDERS).flatMap(([orderBy, property]) =>
    SEARCHES.map((search) => [orderBy, search ?? 'everybody', search, property] as const),
  );

  it.each(cases)(
    `in the order %s, of %s, takes at most ${String(BOUND)} times as long as of 1,000`,
    async (orderBy, name, search, property) => {
      const base = { orderBy, ...(search && { filter: { search } }) };
      const pagesOf = async (installation: Installation) => ({
        first: { ...base, first: PAGE },
        middle: { ...base, first: PAGE, after: await middleOf(installation, base, property) },
        last: { ...base, last: PAGE },
      });
      const [few, many] = [await pagesOf(small), await pagesOf(great)];
      for (const page of ['first', 'middle', 'last'] as const) {
        const ratio = await compare(
          () => ask(small, few[page]),
          () => ask(great, many[page]),
        );
        print(`${orderBy}, ${name}, ${page} page`, { ratio: ratio.toFixed(2) });
        expect(ratio).toBeLessThan(BOUND);
      }
    },
  );
});

/** How many times as long the second takes, by the medians of turns. */
async function compare(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<number> {
  const timesOf = { first: [] as number[], second: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [work, into] of [
      [first, timesOf.first],
      [second, timesOf.second],
    ] as const) {
      const begin = performance.now();
      await work();
      into.push(performance.now() - begin);
    }
  }
  return median(timesOf.second) / median(timesOf.first);
}
