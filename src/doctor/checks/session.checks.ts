import * as z from 'zod';
import { type AccountCheck, firstOf } from '../check.js';
import type { Deployment } from '../deployment.js';
import { guess, randomAddress } from '../guess.js';

const REFRESH = 'mutation ($input: RefreshInput) { refresh(input: $input) { refreshToken } }';
const ADMIN_QUERIES = [
  '{ users(first: 1) { nodes { id } } }',
  '{ auditEvents(first: 1) { nodes { id } } }',
  '{ roles { name } }',
];

const refreshed = z.object({ refresh: z.object({ refreshToken: z.string() }) });

/** The successor of a refresh token, undefined when it is refused. */
async function refresh(deployment: Deployment, refreshToken: string): Promise<string | undefined> {
  const { data } = await deployment.graphql(REFRESH, { variables: { input: { refreshToken } } });
  return refreshed.safeParse(data).data?.refresh.refreshToken;
}

const isIn = async (deployment: Deployment, token: string): Promise<boolean> =>
  Boolean((await deployment.graphql('{ me { id } }', { token })).data?.['me']);

async function refreshesWith(deployment: Deployment, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const { data } = await deployment.graphql('mutation { refresh { expiresIn } }', { headers });
  return Boolean(data?.['refresh']);
}

export const sessionChecks: readonly AccountCheck[] = [
  {
    name: 'cookies',
    rule: 'cookies are HttpOnly, Secure and SameSite, under a protected name',
    findWith: async (_deployment, account) => {
      const { cookies } = await account.signInWithCookies();
      if (cookies.length < 2) return 'a login sets no cookies';
      return firstOf(cookies, (cookie) => Promise.resolve(faultOfCookie(cookie)));
    },
  },
  {
    name: 'cookie-csrf',
    rule: 'the cookie of a user is no authority for a strange page',
    findWith: async (deployment, account) => {
      const { cookie } = await account.signInWithCookies();
      const strange = { cookie, origin: 'https://attacker.example', 'sec-fetch-site': 'cross-site' };
      if (await refreshesWith(deployment, strange)) return 'a strange page can refresh with the cookie';
      const own = { cookie, 'sec-fetch-site': 'same-origin' };
      return (await refreshesWith(deployment, own)) ? undefined : 'the cookie is refused on its own site, too';
    },
  },
  {
    name: 'twin-cookies',
    rule: 'two cookies of one name are refused',
    findWith: async (deployment, account) => {
      const { cookie } = await account.signInWithCookies();
      const name = /[^;= ]*latchkey-access/.exec(cookie)?.[0] ?? '';
      return firstOf(withTwin(cookie, name), async (twins) => {
        const headers = { cookie: twins, 'sec-fetch-site': 'same-origin' };
        const { data } = await deployment.graphql('{ me { id } }', { headers });
        return data?.['me'] ? 'of two cookies of one name one counts' : undefined;
      });
    },
  },
  {
    name: 'reuse',
    rule: 'a refresh token that was replaced ends its session when it comes again',
    findWith: async (deployment, account) => {
      const { refreshToken: first, accessToken } = await account.signIn();
      const second = await refresh(deployment, first);
      const third = second && (await refresh(deployment, second));
      if (!third) return 'a new refresh token is refused';
      // Its successor was used already, so no lost answer explains it (RFC 9700 section 4.14).
      if (await refresh(deployment, first)) return 'an old refresh token is taken again';
      if (await refresh(deployment, third)) return 'the session of a stolen refresh token goes on';
      return (await isIn(deployment, accessToken)) ? 'its access token works on' : undefined;
    },
  },
  {
    name: 'logout',
    rule: 'an access token ends with its session, at once',
    findWith: async (deployment, account) => {
      const { accessToken, refreshToken } = await account.signIn();
      // What a cache has kept of it would still be given afterwards.
      if (!(await isIn(deployment, accessToken))) return 'the token of a login is refused';
      await deployment.graphql('mutation { logout }', { token: accessToken });
      if (await isIn(deployment, accessToken)) return 'an access token works after a logout';
      return (await refresh(deployment, refreshToken)) ? 'a refresh token works after a logout' : undefined;
    },
  },
  {
    name: 'enumeration',
    rule: 'a wrong password and an unknown address get the same answer',
    findWith: async (deployment, { email }) => {
      const [known, unknown] = [await wrongLogin(deployment, email), await wrongLogin(deployment, randomAddress())];
      return known === unknown ? undefined : 'the answers of a login tell which addresses have an account';
    },
  },
  {
    name: 'administration',
    rule: 'what is for administrators is refused to others',
    findWith: async (deployment, account) => {
      const { accessToken, user } = await account.signIn();
      const isOrdinary = user.roles.every((role) => role === 'user');
      return firstOf(ADMIN_QUERIES, async (query) => {
        if ((await deployment.graphql(query)).data) return `anybody can ask ${query}`;
        const { data } = await deployment.graphql(query, { token: accessToken });
        return isOrdinary && data ? `any user can ask ${query}` : undefined;
      });
    },
  },
];

/** Of a cookie header, with another cookie of this name in front of it or behind it. */
const withTwin = (cookie: string, name: string): string[] => [`${name}=x; ${cookie}`, `${cookie}; ${name}=x`];

function faultOfCookie(cookie: string): string | undefined {
  const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
  const name = pair.split('=', 1)[0] ?? '';
  const missing = ['HttpOnly', 'Secure', 'SameSite'].filter(
    (wanted) => !attributes.some((attribute) => attribute.toLowerCase().split('=', 1)[0] === wanted.toLowerCase()),
  );
  if (missing.length > 0) return `${name} is not ${missing.join(', ')}`;
  if (attributes.some((attribute) => /^samesite=none$/i.test(attribute))) {
    return `${name} is SameSite=None: browsers send it with requests of every site`;
  }
  return /^__(Host|Secure)-/.test(name) ? undefined : `${name} could be set by a neighbour: it has no prefix`;
}

/** What is the same for all, and not the id of the request. */
async function wrongLogin(deployment: Deployment, email: string): Promise<string> {
  const { status, errors } = await guess(deployment, email);
  return JSON.stringify([status, errors.map(({ message, extensions }) => [message, extensions?.code])]);
}
