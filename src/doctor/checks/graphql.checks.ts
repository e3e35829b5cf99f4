import { randomBytes } from 'node:crypto';
import { type Check, firstOf } from '../check.js';
import type { Answer, Deployment } from '../deployment.js';
import { askForNothing } from '../guess.js';

const DOCUMENT = '{ __typename }';

/** What a page elsewhere can send without being asked first: simple requests (Fetch, "CORS-safelisted"). */
const SIMPLE_REQUESTS: readonly (readonly [what: string, body: string, type: string])[] = [
  ['text', JSON.stringify({ query: DOCUMENT }), 'text/plain'],
  ['a form', new URLSearchParams({ query: DOCUMENT }).toString(), 'application/x-www-form-urlencoded'],
  [
    'an upload',
    `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query: DOCUMENT })}\r\n--x--\r\n`,
    'multipart/form-data; boundary=x',
  ],
];

const PLAYGROUNDS = /altair|graphiql|graphql playground|apollo sandbox|embeddable-sandbox/i;

const get = (query: string): string => `/graphql?query=${encodeURIComponent(query)}`;

async function findIntrospection(deployment: Deployment): Promise<string | undefined> {
  const { data } = await deployment.graphql('{ __schema { queryType { name } } }');
  return data ? 'the schema can be asked for' : undefined;
}

async function findSuggestions(deployment: Deployment): Promise<string | undefined> {
  const { text } = await deployment.graphql('{ serverInfoo { version } mee { id } }');
  return /did you mean/i.test(text) ? 'errors suggest the names of fields' : undefined;
}

async function findInternals(deployment: Deployment): Promise<string | undefined> {
  return firstOf(['{', '{ nothing }', 'query ($a: Int) { __typename }'], async (document) => {
    const { text } = await deployment.graphql(document, { variables: { a: randomBytes(4).toString('hex') } });
    return /stacktrace|node_modules|\.[jt]s:\d+/.test(text) ? 'errors show where the code is' : undefined;
  });
}

async function findPlayground(deployment: Deployment): Promise<string | undefined> {
  const isForAll = isPage(await askForNothing(deployment));
  return firstOf(['/ide', '/graphql', '/'], async (path) => {
    const answer = await deployment.request(path, { headers: { accept: 'text/html' } });
    // The page of a frontend on the same host, at / or at every path, is none for trying out operations.
    const isOfFrontend = (isForAll || path === '/') && !PLAYGROUNDS.test(answer.text);
    return isPage(answer) && !isOfFrontend ? `${path} is a page` : undefined;
  });
}

const isPage = ({ status, headers }: Answer): boolean =>
  status === 200 && headers.get('content-type')?.startsWith('text/html') === true;

async function findSimpleRequests(deployment: Deployment): Promise<string | undefined> {
  const fault = await firstOf(SIMPLE_REQUESTS, async ([what, body, type]) => {
    const { data } = await deployment.post(body, { 'content-type': type });
    return data ? `${what} of any page is executed` : undefined;
  });
  return fault ?? ((await deployment.request(get(DOCUMENT))).data ? 'an image of any page is executed' : undefined);
}

async function findMutationByGet(deployment: Deployment): Promise<string | undefined> {
  const headers = { 'apollo-require-preflight': 'true' };
  const { data } = await deployment.request(get('mutation { logout }'), { headers });
  return data ? 'a mutation is executed by GET' : undefined;
}

export const graphqlChecks: readonly Check[] = [
  { name: 'introspection', rule: 'the schema is not told', find: findIntrospection },
  { name: 'suggestions', rule: 'errors guess no names', find: findSuggestions },
  { name: 'errors', rule: 'errors tell nothing of the code', find: findInternals },
  { name: 'playground', rule: 'there is no playground', find: findPlayground },
  { name: 'csrf', rule: 'nothing that a strange page can send unasked is executed', find: findSimpleRequests },
  { name: 'get', rule: 'GET changes nothing', find: findMutationByGet },
];
