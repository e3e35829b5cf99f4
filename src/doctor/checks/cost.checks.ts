import type { Check } from '../check.js';
import type { Answer, Deployment } from '../deployment.js';

/** Milliseconds. An answer that takes so much longer than that to a harmless text of the same length has cost the server something. */
const DEAR = 800;

/** 90 kB that are slow to bring into one order (Unicode normalisation, UAX 15). */
const COMBINING_MARKS = `a${'\u0301'.repeat(22_000)}${'\u0316'.repeat(22_000)}@example.com`;
const HARMLESS = 'a'.repeat(Buffer.byteLength(COMBINING_MARKS));

const RESET = 'mutation ($email: String!) { requestPasswordReset(email: $email) }';
const TWO_LOGOUTS = 'mutation { a: logout b: logout }';

const named = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ');
/** 12,500 values, whatever the settings of the server are. */
const MANY_USERS = `{ ${named(25, 'users(first: 100) { nodes { id email name createdAt emailVerified } }')} }`;

async function timeOf(work: () => Promise<Answer>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function findDearValues(deployment: Deployment): Promise<string | undefined> {
  const ask = (email: string) => timeOf(() => deployment.graphql(RESET, { variables: { email } }));
  const [ordinary, hostile] = [await ask(HARMLESS), await ask(COMBINING_MARKS)];
  return hostile - ordinary > DEAR ? 'a text of 90 kB keeps the server busy' : undefined;
}

async function findManyLogouts(deployment: Deployment): Promise<string | undefined> {
  const { data } = await deployment.graphql(TWO_LOGOUTS);
  return data ? 'one request can log out many times' : undefined;
}

async function findGreatLists(deployment: Deployment): Promise<string | undefined> {
  const { data, errors } = await deployment.graphql(MANY_USERS);
  // Whoever is told to sign in has not been told that it is too much.
  const isExecuted = data !== null || errors.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
  return isExecuted ? 'a list counts for less than it can hold' : undefined;
}

export const costChecks: readonly Check[] = [
  { name: 'values', rule: 'a long text costs no time', find: findDearValues },
  { name: 'logouts', rule: 'a document logs out once', find: findManyLogouts },
  { name: 'lists', rule: 'a list counts for what it can hold', find: findGreatLists },
];
