import { setTimeout as delay } from 'node:timers/promises';
import type { Plant, PlantedAnswer, PlantedRequest } from './faulty-proxy.js';

/** What the check of this name must say about it. */
export type PlantedFault = readonly [check: string, fault: string, plant: () => Plant];

const json = (body: unknown, status = 200): PlantedAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const page = (): PlantedAnswer => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' });
const asks = ({ body }: PlantedRequest, words: string): boolean => body.includes(words);

const withHeader =
  (name: string, value: string): (() => Plant) =>
  () => ({
    answer: (answer) => ({ ...answer, headers: { ...answer.headers, [name]: value } }),
  });

const withoutHeader =
  (name: string): (() => Plant) =>
  () => ({
    answer: ({ headers, ...answer }) => ({
      ...answer,
      headers: Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name)),
    }),
  });

const withCookies =
  (change: (cookie: string) => string): (() => Plant) =>
  () => ({
    answer: (answer) => ({
      ...answer,
      headers: { ...answer.headers, 'set-cookie': [answer.headers['set-cookie'] ?? []].flat().map(change) },
    }),
  });

/** Answers a document with these words as if it were executed. */
const executing =
  (words: string, data: object): (() => Plant) =>
  () => ({
    ask: (request) => (asks(request, words) ? json({ data }) : undefined),
  });

const serving =
  (path: string, answer: PlantedAnswer): (() => Plant) =>
  () => ({
    ask: (request) => (request.path.split('?')[0] === path ? answer : undefined),
  });

/** Reads bodies of this type as if they were JSON. */
const reading =
  (type: string, body: string): (() => Plant) =>
  () => ({
    ask: (request) => {
      if (!request.headers['content-type']?.startsWith(type)) return undefined;
      Object.assign(request, { body, headers: { ...request.headers, 'content-type': 'application/json' } });
      return undefined;
    },
  });

const DOCUMENT = JSON.stringify({ query: '{ __typename }' });

/** Takes the token of the last login for one that `isTaken` says yes to. */
const trusting =
  (isTaken: (token: string, real: string) => boolean): (() => Plant) =>
  () => {
    let real = '';
    return {
      ask: (request) => {
        const [, token = ''] = /^Bearer (.*)$/.exec(request.headers['authorization'] ?? '') ?? [];
        if (real && token && token !== real && isTaken(token, real))
          request.headers['authorization'] = `Bearer ${real}`;
        return undefined;
      },
      answer: (answer) => {
        real = /"accessToken":"([^"]+)"/.exec(answer.body)?.[1] ?? real;
        return answer;
      },
    };
  };

const headerOf = (token: string): Record<string, unknown> => {
  try {
    return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** Answers a refused refresh with another token, as if nothing had happened. */
const refreshingAgain =
  (isAgain: (count: number) => boolean): (() => Plant) =>
  () => {
    let count = 0;
    return {
      answer: (answer, request) => {
        if (!asks(request, 'refresh(input')) return answer;
        count += 1;
        return isAgain(count) ? json({ data: { refresh: { refreshToken: 'another' } } }) : answer;
      },
    };
  };

/** Of a session that has ended: the answer while it was there. */
const remembering = (): Plant => {
  const answers = new Map<string, PlantedAnswer>();
  return {
    ask: (request) => (asks(request, '{ me') ? answers.get(request.headers['authorization'] ?? '') : undefined),
    answer: (answer, request) => {
      const token = /"accessToken":"([^"]+)"/.exec(answer.body)?.[1];
      if (token) answers.set(`Bearer ${token}`, json({ data: { me: { id: 'somebody' } } }));
      return asks(request, '{ me') ? (answers.get(request.headers['authorization'] ?? '') ?? answer) : answer;
    },
  };
};

/** Gives everybody who asks the same in the same way the first answer again, as a cache that heeds no `no-store`. */
const keeping = (): Plant => {
  const answers = new Map<string, PlantedAnswer>();
  const keyOf = ({ path, body, headers }: PlantedRequest) => [path, body, headers['authorization'] ?? ''].join(' ');
  return {
    ask: (request) => answers.get(keyOf(request)),
    answer: (answer, request) => {
      if (!asks(request, 'mutation')) answers.set(keyOf(request), answer);
      return answer;
    },
  };
};

/** Gives the first answer again to those who ask by GET, whoever they are. */
const keepingGets = (): Plant => {
  const answers = new Map<string, PlantedAnswer>();
  const isKept = ({ method, path }: PlantedRequest) => method === 'GET' && path.startsWith('/graphql');
  return {
    ask: (request) => (isKept(request) ? answers.get(request.path) : undefined),
    answer: (answer, request) => {
      if (isKept(request)) answers.set(request.path, answer);
      return answer;
    },
  };
};

/** Lets the pages of origins read that a hasty comparison takes for its own. */
const allowing =
  (isAllowed: (origin: string) => boolean): (() => Plant) =>
  () => ({
    answer: (answer, { headers: { origin = '' } }) => {
      const allowed = isAllowed(origin) && { 'access-control-allow-origin': origin };
      return { ...answer, headers: { ...answer.headers, ...allowed } };
    },
  });

const keySet = (key: object) => serving('/.well-known/jwks.json', json({ keys: [key] }));

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ['headers', 'missing or too weak: x-content-type-options', withoutHeader('x-content-type-options')],
  [
    'headers',
    'missing or too weak: content-security-policy',
    withHeader('content-security-policy', "default-src 'self'"),
  ],
  [
    'headers',
    'missing or too weak: content-security-policy',
    withHeader('content-security-policy', "default-src * 'unsafe-inline'; frame-ancestors 'none'"),
  ],
  ['headers', 'missing or too weak: referrer-policy', withoutHeader('referrer-policy')],
  ['headers', 'missing or too weak: referrer-policy', withHeader('referrer-policy', 'unsafe-url')],
  ['headers', 'missing or too weak: referrer-policy', withHeader('referrer-policy', 'no-referrer, origin')],
  ['headers', 'missing or too weak: cache-control', withHeader('cache-control', 'public, max-age=60')],
  ['headers', 'X-Powered-By names the software', withHeader('x-powered-by', 'Express')],
  ['headers', 'Server names a version', withHeader('server', 'nginx/1.18.0')],
  ['cors', 'pages of https://attacker.example can read the answers', withHeader('access-control-allow-origin', '*')],
  [
    'cors',
    'pages of https://attacker.example can read the answers',
    () => ({
      answer: (answer, { headers }) => ({
        ...answer,
        headers: { ...answer.headers, 'access-control-allow-origin': headers['origin'] ?? '' },
      }),
    }),
  ],
  ['cors', 'pages of https://attacker127.0.0.1:', allowing((origin) => /127\.0\.0\.1:\d+$/.test(origin))],
  ['cors', 'pages of null can read the answers', withHeader('access-control-allow-origin', 'null')],
  ['metrics', 'the metrics are served to all', serving('/metrics', page())],
  [
    'values',
    'a text of 90 kB keeps the server busy',
    () => ({
      ask: async (request) => {
        if (request.body.includes('\u0301')) await delay(1_000);
        return undefined;
      },
    }),
  ],
  ['logouts', 'one request can log out many times', executing('b: logout', { a: true, b: true })],
  [
    'lists',
    'a list counts for less than it can hold',
    () => ({
      ask: (request) =>
        asks(request, 'a24: users')
          ? json({ errors: [{ message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } }], data: null })
          : undefined,
    }),
  ],
  [
    'request-id',
    'any client chooses the id of its request',
    () => ({
      answer: (answer, { headers }) => ({
        ...answer,
        headers: { ...answer.headers, 'x-request-id': headers['x-request-id'] ?? '' },
      }),
    }),
  ],
  [
    'twin-cookies',
    'of two cookies of one name one counts',
    () => ({
      ask: (request) => {
        request.headers['cookie'] = (request.headers['cookie'] ?? '').replace(/^\S*latchkey-access=x; /, '');
        return undefined;
      },
    }),
  ],
  ['caching', 'an answer is kept and given to the next', keeping],
  ['caching', 'an answer is kept and given to the next', keepingGets],
  ['files', '/.env is served', serving('/.env', page())],
  ['files', '/data/latchkey.sqlite is served', serving('/data/latchkey.sqlite', page())],
  ['operations', '/metrics is served', serving('/metrics', page())],
  [
    'introspection',
    'the schema can be asked for',
    executing('__schema', { __schema: { queryType: { name: 'Query' } } }),
  ],
  [
    'suggestions',
    'errors suggest the names of fields',
    () => ({
      ask: (request) =>
        asks(request, 'serverInfoo') ? json({ errors: [{ message: 'Did you mean "me"?' }] }) : undefined,
    }),
  ],
  [
    'errors',
    'errors show where the code is',
    () => ({
      answer: (answer) => ({
        ...answer,
        body: answer.body.replace('"code"', '"stacktrace":["at run (/app/src/a.ts:1)"],"code"'),
      }),
    }),
  ],
  ['playground', '/ide is a page', serving('/ide', page())],
  ['playground', '/ is a page', serving('/', { ...page(), body: '<html><title>GraphiQL</title></html>' })],
  [
    'playground',
    '/graphql is a page',
    () => ({ ask: ({ method, path }) => (method === 'GET' && path === '/graphql' ? page() : undefined) }),
  ],
  ['csrf', 'text of any page is executed', reading('text/plain', DOCUMENT)],
  ['csrf', 'a form of any page is executed', reading('application/x-www-form-urlencoded', DOCUMENT)],
  ['csrf', 'an upload of any page is executed', reading('multipart/form-data', DOCUMENT)],
  [
    'csrf',
    'an image of any page is executed',
    () => ({
      ask: (request) => {
        if (request.method === 'GET') request.headers['apollo-require-preflight'] = 'true';
        return undefined;
      },
    }),
  ],
  ['get', 'a mutation is executed by GET', serving('/graphql', json({ data: { logout: true } }))],
  ['jwks', '/.well-known/jwks.json holds no key set', serving('/.well-known/jwks.json', page())],
  ['jwks', 'a key shows its secret: d', keySet({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' })],
  ['jwks', 'a key shows its secret: k', keySet({ kty: 'oct', k: 'k' })],
  [
    'jwks',
    'an RSA key has 1024 bits',
    keySet({ kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 1).toString('base64url') }),
  ],
  [
    'jwks',
    'the key set has 21 keys',
    serving('/.well-known/jwks.json', json({ keys: Array.from({ length: 21 }, () => ({ kty: 'EC' })) })),
  ],
  [
    'jwks',
    'the key set may be kept for 31536000 seconds',
    () => ({
      answer: (answer, { path }) =>
        path.includes('jwks')
          ? { ...answer, headers: { ...answer.headers, 'cache-control': 'public, max-age=31536000' } }
          : answer,
    }),
  ],
  ['forgery', 'a token is taken with the algorithm none', trusting((token) => headerOf(token)['alg'] === 'none')],
  ['forgery', 'a token is taken with the algorithm nOnE', trusting((token) => headerOf(token)['alg'] === 'nOnE')],
  [
    'forgery',
    'a token is taken without its signature',
    trusting((token, real) => token === `${real.split('.').slice(0, 2).join('.')}.`),
  ],
  [
    'forgery',
    'a token is taken with other claims under an old signature',
    trusting((token, real) => token.split('.')[2] === real.split('.')[2]),
  ],
  ['forgery', 'a token is taken with the key in its own header', trusting((token) => 'jwk' in headerOf(token))],
  [
    'forgery',
    'a token is taken with a secret that everybody knows',
    trusting((token) => headerOf(token)['alg'] === 'HS256'),
  ],
  ['forgery', 'a token is taken with the public key as its secret', publicKeyTrusting],
  ['lifetime', 'it lives for 86400 seconds', longLiving],
  ['confusion', 'a refresh token is taken for an access token', trusting((token) => token.split('.').length !== 3)],
  ['cookies', 'is not HttpOnly', withCookies((cookie) => cookie.replace(/; HttpOnly/i, ''))],
  ['cookies', 'is not Secure', withCookies((cookie) => cookie.replace(/; Secure/i, ''))],
  ['cookies', 'is not SameSite', withCookies((cookie) => cookie.replace(/; SameSite=\w+/i, ''))],
  ['cookies', 'is SameSite=None', withCookies((cookie) => cookie.replace(/SameSite=\w+/i, 'SameSite=None'))],
  ['cookies', 'could be set by a neighbour', withCookies((cookie) => cookie.replace('__Host-', ''))],
  [
    'cookie-csrf',
    'a strange page can refresh with the cookie',
    () => ({
      ask: (request) => {
        if (request.headers['cookie']) {
          delete request.headers['origin'];
          request.headers['sec-fetch-site'] = 'same-origin';
        }
        return undefined;
      },
    }),
  ],
  ['reuse', 'an old refresh token is taken again', refreshingAgain((count) => count === 3)],
  ['reuse', 'the session of a stolen refresh token goes on', refreshingAgain((count) => count === 4)],
  ['reuse', 'its access token works on', remembering],
  ['logout', 'an access token works after a logout', remembering],
  ['logout', 'an access token works after a logout', keeping],
  ['logout', 'a refresh token works after a logout', refreshingAgain(() => true)],
  [
    'enumeration',
    'the answers of a login tell which addresses have an account',
    () => ({
      answer: (answer, request) =>
        asks(request, 'doctor-known')
          ? { ...answer, body: answer.body.replace('"message":"', '"message":"Hello. ') }
          : answer,
    }),
  ],
  ['administration', 'anybody can ask { users', executing('users(first: 1)', { users: { nodes: [] } })],
  [
    'administration',
    'any user can ask { roles',
    () => ({
      ask: (request) =>
        asks(request, '{ roles') && request.headers['authorization'] ? json({ data: { roles: [] } }) : undefined,
    }),
  ],
  [
    'batches',
    'a request can hold any number of operations',
    () => ({ ask: (request) => (request.body.startsWith('[') ? json([{ data: {} }, { data: {} }]) : undefined) }),
  ],
  ['documents', 'a document with 1000 aliases is executed', executing('a999', { a0: 'Query' })],
  ['documents', 'a document with 1000 directives is executed', executing('@include', { __typename: 'Query' })],
  [
    'documents',
    'a document with 1000 repeated fields is executed',
    executing('__typename __typename', { __typename: 'Query' }),
  ],
  ['bodies', 'a body of 2 MB is read', executing('xxxxxxxx', { __typename: 'Query' })],
  [
    'credentials',
    'one request can try many passwords',
    () => ({
      ask: (request) =>
        asks(request, 'b: login')
          ? json({ errors: [{ message: 'Wrong.', extensions: { code: 'INVALID_CREDENTIALS' } }], data: null })
          : undefined,
    }),
  ],
  [
    'guessing',
    '25 passwords can be tried without a pause',
    () => ({
      ask: (request) =>
        asks(request, 'login(')
          ? json({ errors: [{ message: 'Wrong.', extensions: { code: 'INVALID_CREDENTIALS' } }], data: null })
          : undefined,
    }),
  ],
];

/** Only what is signed by a secret of some length: the weak ones that are tried before are refused. */
function publicKeyTrusting(): Plant {
  let hmacs = 0;
  return trusting((token) => headerOf(token)['alg'] === 'HS256' && ++hmacs > 4)();
}

/** A token of the same shape whose claims say that it lives for a day. */
function longLiving(): Plant {
  return {
    answer: (answer) => ({
      ...answer,
      body: answer.body.replace(/"accessToken":"([^."]+)\.([^."]+)\./, (_all, head: string, payload: string) => {
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iat: number };
        const longer = Buffer.from(JSON.stringify({ ...claims, exp: claims.iat + 86_400 })).toString('base64url');
        return `"accessToken":"${head}.${longer}.`;
      }),
    }),
  };
}
