import * as z from 'zod';
import { type AccountCheck, type Check, firstOf } from '../check.js';
import type { Answer, Deployment } from '../deployment.js';
import { claimsOf, forgeries } from '../forgeries.js';

const MIN_RSA_BITS = 2_048;
/** Seconds. Whoever steals an access token has it for so long, on servers that do not ask about revocations. */
const MAX_LIFETIME = 3_600;
/** Seconds: the most that JWKS_MAX_AGE can be. A revoked key would be trusted by whoever keeps the set for longer. */
const MAX_KEY_SET_AGE = 86_400;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

type KeySet = z.output<typeof keySet>;

/** More than a server publishes that rotates its keys each day. So many are tried, and no more. */
const MAX_KEYS = 20;

const isRefused = async (deployment: Deployment, token: string): Promise<boolean> =>
  (await deployment.graphql('{ me { id } }', { token })).data?.['me'] === undefined;

const askForKeySet = (deployment: Deployment): Promise<Answer> => deployment.request('/.well-known/jwks.json');

function keySetIn({ text }: Answer): KeySet | undefined {
  try {
    return keySet.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Seconds, as a cache may keep it. */
const ageOf = ({ headers }: Answer): number => {
  const ages = [...(headers.get('cache-control') ?? '').matchAll(/(?:max-age|s-maxage)=(\d+)/g)];
  return Math.max(0, ...ages.map(([, seconds]) => Number(seconds)));
};

async function findBadKeys(deployment: Deployment): Promise<string | undefined> {
  const answer = await askForKeySet(deployment);
  const set = keySetIn(answer);
  if (!set) return '/.well-known/jwks.json holds no key set';
  if (set.keys.length > MAX_KEYS) return `the key set has ${set.keys.length} keys`;
  const age = ageOf(answer);
  if (age > MAX_KEY_SET_AGE) return `the key set may be kept for ${age} seconds`;
  return firstOf(set.keys, (key) => {
    const shown = PRIVATE_MEMBERS.filter((member) => member in key);
    if (shown.length > 0) return Promise.resolve(`a key shows its secret: ${shown.join(', ')}`);
    const bits = Buffer.from(typeof key['n'] === 'string' ? key['n'] : '', 'base64url').length * 8;
    return Promise.resolve(key.kty === 'RSA' && bits < MIN_RSA_BITS ? `an RSA key has ${bits} bits` : undefined);
  });
}

export const tokenChecks: readonly Check[] = [
  { name: 'jwks', rule: 'the key set is there, public, strong and not kept for more than a day', find: findBadKeys },
];

export const ownTokenChecks: readonly AccountCheck[] = [
  {
    name: 'forgery',
    rule: 'a token that the server has not signed is refused, whatever algorithm it names',
    findWith: async (deployment, account) => {
      const { accessToken } = await account.signIn();
      if (await isRefused(deployment, accessToken)) return 'the token of a login is refused';
      const { keys } = keySetIn(await askForKeySet(deployment)) ?? { keys: [] };
      return firstOf(forgeries(accessToken, keys.slice(0, MAX_KEYS)), async ([what, token]) =>
        (await isRefused(deployment, token)) ? undefined : `a token is taken ${what}`,
      );
    },
  },
  {
    name: 'lifetime',
    rule: 'an access token lives for an hour at most',
    findWith: async (_deployment, account) => {
      const { exp, iat } = claimsOf((await account.signIn()).accessToken);
      return exp - iat <= MAX_LIFETIME ? undefined : `it lives for ${exp - iat} seconds`;
    },
  },
  {
    name: 'confusion',
    rule: 'a refresh token opens nothing by itself',
    findWith: async (deployment, account) => {
      const { refreshToken } = await account.signIn();
      return (await isRefused(deployment, refreshToken)) ? undefined : 'a refresh token is taken for an access token';
    },
  },
];
