import { type Check, firstOf } from '../check.js';
import type { Deployment } from '../deployment.js';
import { guess, randomAddress, wrongCredentials } from '../guess.js';

/** More than a person mistypes, fewer than hurt. */
const GUESSES = 25;
const MANY = 1_000;
const LARGE = 2_000_000;

const TWO_LOGINS = `mutation ($input: LoginInput!) {
  a: login(input: $input) { __typename }
  b: login(input: $input) { __typename }
}`;

/** Each is correct, and costs far more than it looks like. */
const GREAT_DOCUMENTS: readonly (readonly [what: string, document: string])[] = [
  ['aliases', `{ ${Array.from({ length: MANY }, (_, index) => `a${index}: __typename`).join(' ')} }`],
  ['directives', `{ __typename ${'@include(if: true) '.repeat(MANY)} }`],
  ['repeated fields', `{ ${'__typename '.repeat(MANY)} }`],
];

async function findBatches(deployment: Deployment): Promise<string | undefined> {
  const operation = { query: '{ __typename }' };
  const { text } = await deployment.post(JSON.stringify([operation, operation]), {
    'content-type': 'application/json',
  });
  return text.startsWith('[') ? 'a request can hold any number of operations' : undefined;
}

async function findGreatDocuments(deployment: Deployment): Promise<string | undefined> {
  return firstOf(GREAT_DOCUMENTS, async ([what, document]) => {
    const { data } = await deployment.graphql(document);
    return data ? `a document with ${MANY} ${what} is executed` : undefined;
  });
}

async function findLargeBodies(deployment: Deployment): Promise<string | undefined> {
  const variables = { padding: 'x'.repeat(LARGE) };
  // A server may also hang up.
  const answer = await deployment.graphql('{ __typename }', { variables }).catch(() => undefined);
  return answer?.data ? 'a body of 2 MB is read' : undefined;
}

async function findManyLogins(deployment: Deployment): Promise<string | undefined> {
  const { errors } = await deployment.graphql(TWO_LOGINS, { variables: { input: wrongCredentials(randomAddress()) } });
  const isTried = errors.some(({ extensions }) => extensions?.code === 'INVALID_CREDENTIALS');
  return isTried ? 'one request can try many passwords' : undefined;
}

async function findGuessing(deployment: Deployment): Promise<string | undefined> {
  const email = randomAddress();
  for (let tried = 0; tried < GUESSES; tried++) {
    const { status, errors } = await guess(deployment, email);
    if (status === 429 || errors.some(({ extensions }) => extensions?.code === 'TOO_MANY_REQUESTS')) return undefined;
  }
  return `${GUESSES} passwords can be tried without a pause`;
}

export const limitChecks: readonly Check[] = [
  { name: 'batches', rule: 'a request holds one operation', find: findBatches },
  { name: 'documents', rule: 'documents are limited', find: findGreatDocuments },
  { name: 'bodies', rule: 'bodies are limited', find: findLargeBodies },
  { name: 'credentials', rule: 'a document tries one password', find: findManyLogins },
  // Last: this machine may have to wait before it can sign in again.
  { name: 'guessing', rule: 'guessing passwords is slowed down', find: findGuessing },
];
