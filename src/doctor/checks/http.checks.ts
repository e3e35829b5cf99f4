import { randomBytes } from 'node:crypto';
import { isLoopback } from '../../config/this-machine.js';
import { type Check, firstOf } from '../check.js';
import type { Deployment } from '../deployment.js';
import { askForNothing } from '../guess.js';

const HALF_A_YEAR = 15_552_000;
const PRIVATE_FILES = ['/.env', '/.git/HEAD', '/data/latchkey.sqlite', '/package.json', '/schema.gql'];
/** Where developers run their frontends: in production it is the machine of each visitor. */
const DEVELOPERS_ORIGINS = ['http://localhost:5173', 'http://localhost:3000', 'http://127.0.0.1:5173'];
const OPERATORS_PAGES = ['/metrics', '/mails', '/outbox'];

/**
 * Headers that every answer has (ASVS 3.4), with what they must say. One that comes twice is a list here: browsers take the
 * first of `nosniff`, the last of the referrer policies that they know, and obey each policy of contents.
 */
const HEADERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['x-content-type-options', /^nosniff(,|$)/i],
  ['content-security-policy', /(^|[;,] *)default-src 'none'/],
  ['content-security-policy', /(^|[;,] *)frame-ancestors 'none'/],
  ['referrer-policy', /(^|, *)(no-referrer|same-origin|strict-origin(-when-cross-origin)?)$/],
  ['cache-control', /no-store/],
];

/** True of a URL by which passwords and tokens can be read on their way. */
export function isPlainHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== 'https:' && !isLoopback(hostname);
}

async function findPlainHttp(deployment: Deployment): Promise<string | undefined> {
  if (isPlainHttp(deployment.url)) return 'the URL is http: passwords and tokens can be read on their way';
  if (!deployment.url.startsWith('https:')) return undefined;
  const { headers } = await deployment.graphql('{ __typename }');
  const [, maxAge = '0'] = /max-age=(\d+)/.exec(headers.get('strict-transport-security') ?? '') ?? [];
  return Number(maxAge) < HALF_A_YEAR ? 'Strict-Transport-Security is missing or shorter than half a year' : undefined;
}

async function findBadHeaders(deployment: Deployment): Promise<string | undefined> {
  const { headers } = await deployment.graphql('{ __typename }');
  const missing = HEADERS.filter(([name, pattern]) => !pattern.test(headers.get(name) ?? '')).map(([name]) => name);
  if (missing.length > 0) return `missing or too weak: ${[...new Set(missing)].join(', ')}`;
  if (headers.has('x-powered-by')) return 'X-Powered-By names the software';
  return /\d/.test(headers.get('server') ?? '') ? 'Server names a version' : undefined;
}

async function findOpenCors(deployment: Deployment): Promise<string | undefined> {
  const { origin, host, hostname, protocol } = new URL(deployment.url);
  const developers = isLoopback(hostname) ? [] : DEVELOPERS_ORIGINS;
  const byHttp = protocol === 'https:' ? [`http://${host}`] : [];
  const alike = [`${origin}.attacker.example`, `https://attacker${host}`, ...byHttp];
  const strange = ['https://attacker.example', 'null', ...alike, ...developers];
  return firstOf(strange, async (from) => {
    const preflight = { origin: from, 'access-control-request-method': 'POST' };
    const answers = [
      await deployment.request('/graphql', { method: 'OPTIONS', headers: preflight }),
      await deployment.graphql('{ __typename }', { headers: { origin: from } }),
    ];
    const isOpen = answers.some(({ headers }) =>
      ['*', from].includes(headers.get('access-control-allow-origin') ?? ''),
    );
    return isOpen ? `pages of ${from} can read the answers` : undefined;
  });
}

const findServed = (paths: readonly string[]) => async (deployment: Deployment) => {
  const nothing = await askForNothing(deployment);
  return firstOf(paths, async (path) => {
    const { status, text } = await deployment.request(path);
    const isForAll = nothing.status === 200 && shapeOf(nothing.text) === shapeOf(text);
    return status === 200 && !isForAll ? `${path} is served` : undefined;
  });
};

/** Without what is in quotes: what is made for each request holds a nonce or an id of its own. */
const shapeOf = (text: string): string => text.replace(/"[^"]*"|'[^']*'/g, '');

/** What a cache keeps by itself are answers to GET. */
const GET_TYPENAME = `/graphql?${new URLSearchParams({ query: '{ __typename }' }).toString()}`;
const NO_PREFLIGHT = { 'apollo-require-preflight': 'true' };

function findCaching(deployment: Deployment): Promise<string | undefined> {
  const ways = [
    () => deployment.graphql('{ __typename }'),
    () => deployment.request(GET_TYPENAME, { headers: NO_PREFLIGHT }),
  ];
  return firstOf(ways, async (ask) => {
    const [first, second] = [await ask(), await ask()].map(({ headers }) => headers.get('x-request-id'));
    return first && first === second ? 'an answer is kept and given to the next who asks' : undefined;
  });
}

async function findForeignRequestIds(deployment: Deployment): Promise<string | undefined> {
  const given = `doctor-${randomBytes(8).toString('hex')}`;
  const { headers } = await deployment.graphql('{ __typename }', { headers: { 'x-request-id': given } });
  return headers.get('x-request-id') === given ? 'any client chooses the id of its request' : undefined;
}

async function findOpenMetrics(deployment: Deployment): Promise<string | undefined> {
  // Nobody answers where all is well.
  const answer = await deployment.metrics().catch(() => undefined);
  return answer?.status === 200 ? 'the metrics are served to all' : undefined;
}

export const httpChecks: readonly Check[] = [
  {
    name: 'transport',
    rule: 'https, except on the same machine, and browsers are told to stay with it',
    find: findPlainHttp,
  },
  { name: 'headers', rule: 'security headers on every answer, none that names software', find: findBadHeaders },
  { name: 'cors', rule: 'no strange origin may read answers', find: findOpenCors },
  { name: 'caching', rule: 'each request is answered anew', find: findCaching },
  { name: 'files', rule: 'no file of the installation is served', find: findServed(PRIVATE_FILES) },
  { name: 'operations', rule: 'what operators look at is not served to all', find: findServed(OPERATORS_PAGES) },
  { name: 'request-id', rule: 'no client chooses the id of its request', find: findForeignRequestIds },
  { name: 'metrics', rule: 'the port of the metrics is closed, or asks for a token', find: findOpenMetrics },
];
