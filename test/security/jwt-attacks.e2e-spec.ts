import { createHmac, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { parseSetCookie } from 'cookie';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { logIn, PASSWORD, refresh, signUp, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { forgerOf, signJws, withSegment } from '../tokens/forge.js';

/*
 * The attacks of the JWT playbooks that have to do with more than the signature. Those on algorithms and keys are in
 * test/tokens/forged-tokens, those on claims one by one in test/tokens/malformed-tokens.
 */

const INVALID = 'UNAUTHENTICATED/TOKEN_INVALID';
const ORIGIN = 'http://localhost:5173';

let server: TestServer;
let user: TestUser;
let claims: Record<string, unknown>;
let kid: string;
beforeAll(async () => {
  server = await TestServer.start();
  user = await signUp(server);
  claims = decodeJwt(user.accessToken);
  kid = String(decodeProtectedHeader(user.accessToken).kid);
});
afterAll(() => server.stop());

const verdicts = async (tokens: string[]) => [...new Set(await Promise.all(tokens.map((it) => whoAmI(server, it))))];

/** @see RFC 8725 section 3.10 */
describe('the kid of a token', () => {
  const INJECTIONS: unknown[] = [
    ...[
      '',
      ' ',
      '.',
      '/dev/null',
      '../../dev/null',
      '../../../../../../dev/null',
      'file:///dev/null',
      '/proc/self/environ',
    ],
    ...['|sleep 10', '; sleep 10', '$(sleep 10)', '`sleep 10`', '|| ping -c 10 127.0.0.1 ||'],
    ...["x' OR '1'='1", "x' UNION SELECT '1';--", "'; DROP TABLE signing_keys; --", 'x" OR ""="', '%27%20OR%201=1'],
    ...['http://169.254.169.254/latest', 'https://example.com/jwks.json', '{{7*7}}', '${7*7}', '\0', '\r\nx: y'],
    ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'undefined', 'null', 'NaN', '0'],
    ...[null, 0, 1, -1, true, [], {}, [''], { $ne: null }, { toString: 'x' }, 'x'.repeat(8000), '😀'],
  ];

  it('is a name among ours or nothing: no path, no query, no address, no property', async () => {
    const forge = forgerOf(server);
    const emptyKey = Buffer.alloc(0);
    const tokens = INJECTIONS.flatMap((injected) => [
      forge(claims, { kid: injected }),
      signJws({ alg: 'HS256', typ: 'at+jwt', kid: injected }, claims, emptyKey, 'HS256'),
    ]).filter((token) => token.length < 12_000);
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it('has to be there', async () => {
    expect(await verdicts([forgerOf(server)(claims)])).toEqual([user.id]);
    expect(await verdicts([forgerOf(server)(claims, { kid: undefined })])).toEqual([INVALID]);
  });
});

const deflated = (payload: object) => deflateRawSync(JSON.stringify(payload)).toString('latin1');

describe('a token in another wrapping', () => {
  it.each<[string, () => string]>([
    ['compressed (RFC 8725 section 3.6)', () => forgerOf(server)(deflated(claims), { zip: 'DEF' })],
    ['with an unencoded payload (RFC 7797)', () => forgerOf(server)(claims, { b64: false, crit: ['b64'] })],
    ['inside another', () => forgerOf(server)(JSON.stringify(user.accessToken), { cty: 'JWT' })],
    ['with five parts, as if encrypted', () => `${user.accessToken}.AAAA.AAAA`],
    ['with its header twice', () => withSegment(user.accessToken, 1, () => user.accessToken.split('.')[0] ?? '')],
  ])('%s is refused', async (_, make) => {
    expect(await verdicts([make()])).toEqual([INVALID]);
  });
});

describe('what somebody adds to the claims of a genuine token', () => {
  it('buys nothing: claims that are no part of ours are not read', async () => {
    const names = [
      'admin',
      'isAdmin',
      'is_admin',
      'role',
      'permissions',
      'scope',
      'scp',
      'groups',
      'authorities',
      'may_act',
    ];
    const additions = names.map((name) => ({ [name]: ['admin', 'users:read'] }));
    for (const addition of [...additions, { __proto__: { roles: ['admin'] } }]) {
      const token = forgerOf(server)({ ...claims, ...addition });
      const answer = await server.call('{ me { id lastLoginAt } }', {}, { token });
      expect([answer.data, refusalOf(answer)]).toEqual([{ me: { id: user.id, lastLoginAt: null } }, 'FORBIDDEN']);
    }
  });

  it('is not read before the signature is: claims of a forged token appear nowhere', async () => {
    const canary = `canary-${randomBytes(8).toString('hex')}`;
    const forged = withSegment(user.accessToken, 1, () =>
      Buffer.from(JSON.stringify({ ...claims, sub: canary })).toString('base64url'),
    );
    const { text } = await server.call('{ me { id } }', {}, { token: forged });
    expect(text).not.toContain(canary);
  });
});

describe('a secret that many use', () => {
  const WEAK = [
    '',
    ' ',
    'secret',
    'password',
    'changeme',
    'jwt',
    'key',
    'test',
    'your-256-bit-secret',
    'null',
    'undefined',
    '0',
  ];

  it('signs nothing here, with whatever algorithm the header says', async () => {
    const tokens = WEAK.flatMap((secret) =>
      ['HS256', 'HS384', 'HS512'].map((alg) => signJws({ alg, typ: 'at+jwt', kid }, claims, Buffer.from(secret), alg)),
    );
    expect(await verdicts(tokens)).toEqual([INVALID]);
  });

  it.each(WEAK.concat('your-256-bit-secret-your-256-bit-secret', 'a'.repeat(64)))(
    'is none the server starts with: "%s"',
    async (JWT_SECRET) => {
      await expect(TestServer.start({ env: { JWT_SECRET } })).rejects.toThrow(/JWT_SECRET/);
    },
  );
});

describe('a mutated token', () => {
  it('is refused at every length but its own', async () => {
    const { accessToken } = user;
    const shorter = Array.from({ length: accessToken.length - 1 }, (_, index) => accessToken.slice(0, index + 1));
    expect(await verdicts(shorter)).toEqual([INVALID]);
    expect(await verdicts([`${accessToken}A`, `A${accessToken}`, `${accessToken}.`, `.${accessToken}`])).toEqual([
      INVALID,
    ]);
  });

  it('is refused with any bit of its signature or content flipped', async () => {
    const bytes = user.accessToken.split('.').map((part) => Buffer.from(part, 'base64url'));
    const flip = fc.record({ part: fc.nat({ max: 2 }), at: fc.nat(), bit: fc.nat({ max: 7 }) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ part, at, bit }) => {
        const mutated = bytes.map((it) => Buffer.from(it));
        const target = mutated[part] ?? Buffer.alloc(1);
        target[at % target.length] = (target[at % target.length] ?? 0) ^ (1 << bit);
        expect(await whoAmI(server, mutated.map((it) => it.toString('base64url')).join('.'))).toBe(INVALID);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused when its parts come from two good ones', async () => {
    const other = (await logIn(server, user.email)).accessToken.split('.');
    const own = user.accessToken.split('.');
    const mixed = [1, 2, 3, 4, 5, 6].map((mask) =>
      own.map((part, index) => (mask & (1 << index) ? other[index] : part)).join('.'),
    );
    // The headers are equal, so to change that alone changes nothing.
    const foreign = mixed.filter((token) => token !== user.accessToken && token !== other.join('.'));
    expect(foreign.length).toBeGreaterThanOrEqual(4);
    expect(await verdicts(foreign)).toEqual([INVALID]);
  });

  it('is refused with anything inserted anywhere', async () => {
    const insertion = fc.record({
      at: fc.nat({ max: user.accessToken.length }),
      text: fc.string({ minLength: 1, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(insertion, async ({ at, text }) => {
        const inserted = user.accessToken.slice(0, at) + text + user.accessToken.slice(at);
        // A blank at either end is the header's, not the token's.
        fc.pre(inserted.trim() !== user.accessToken && /^[\x20-\x7e]+$/.test(inserted));
        expect(await whoAmI(server, inserted)).toBe(INVALID);
      }),
      { numRuns: 200 },
    );
  });
});

/** ASVS 9.2.2, RFC 8725 section 3.12 */
describe('each kind of our own tokens', () => {
  type Kind = 'access token' | 'refresh token' | 'device cookie' | 'session id' | 'user id';
  const tokens = {} as Record<Kind, string>;
  beforeAll(async () => {
    const input = { email: user.email, password: PASSWORD };
    const login = 'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { session { id } } } }';
    const { headers } = await server.call(login, { input });
    const cookies = headers.getSetCookie().map((line) => parseSetCookie(line));
    tokens['access token'] = user.accessToken;
    tokens['refresh token'] = user.refreshToken;
    tokens['device cookie'] = cookies.find(({ name }) => name === 'latchkey-device')?.value ?? '';
    tokens['session id'] = user.sessionId;
    tokens['user id'] = user.id;
  });

  const withCookie = (name: string, value: string) => ({ headers: { cookie: `${name}=${value}`, origin: ORIGIN } });
  const me = async (options: object) => {
    const answer = await server.call<{ me: { id: string } }>('{ me { id } }', {}, options);
    return answer.data ? 'in' : refusalOf(answer);
  };

  const REFUSED_REFRESH = 'UNAUTHENTICATED/REFRESH_TOKEN_INVALID';
  const PLACES: [place: string, home: Kind, refusal: string, use: (token: string) => Promise<string | undefined>][] = [
    ['the Authorization header', 'access token', INVALID, (token) => me({ token })],
    ['the access cookie', 'access token', INVALID, (token) => me(withCookie('latchkey-access', token))],
    [
      'the argument of refresh',
      'refresh token',
      REFUSED_REFRESH,
      async (token) => outcomeOf(await refresh(server, token)),
    ],
    [
      'the refresh cookie',
      'refresh token',
      REFUSED_REFRESH,
      async (token) =>
        outcomeOf(await server.call('mutation { refresh { expiresIn } }', {}, withCookie('latchkey-refresh', token))),
    ],
  ];
  const outcomeOf = (answer: Parameters<typeof refusalOf>[0]) => refusalOf(answer) ?? 'in';
  const KINDS: Kind[] = ['access token', 'refresh token', 'device cookie', 'session id', 'user id'];

  it.each(PLACES)('opens %s only if it is the %s', async (_, home, refusal, use) => {
    for (const kind of KINDS) {
      expect({ kind, outcome: await use(tokens[kind]) }).toEqual({ kind, outcome: kind === home ? 'in' : refusal });
    }
  });

  it('is made with a key of its own: the HMAC of one kind, keyed as another, is refused', async () => {
    const body = Buffer.from(user.refreshToken.slice(4), 'base64url').subarray(0, 21);
    const macs = ['latchkey/device-cookie', 'latchkey/signing-key', server.env.JWT_SECRET].map((key) =>
      createHmac('sha256', key).update(body).digest(),
    );
    for (const mac of macs) {
      const forged = `lkr_${Buffer.concat([body, mac]).toString('base64url')}`;
      expect(outcomeOf(await refresh(server, forged))).toBe(REFUSED_REFRESH);
    }
  });
});

it('after all of them a good token is good', async () => {
  expect(await whoAmI(server, user.accessToken)).toBe(user.id);
});
