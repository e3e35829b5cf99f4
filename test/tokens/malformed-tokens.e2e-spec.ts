import { decodeJwt } from 'jose';
import fc from 'fast-check';
import { signUp, type TestUser } from '../support/accounts.js';
import { whoAmI } from '../support/refusals.js';
import { allStatementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';
import { forgerOf, withSegment } from './forge.js';

const INVALID = 'UNAUTHENTICATED/TOKEN_INVALID';
const EXPIRED = 'UNAUTHENTICATED/TOKEN_EXPIRED';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

let server: TestServer;
let user: TestUser;
let forge: ReturnType<typeof forgerOf>;
let claims: Record<string, unknown>;
beforeAll(async () => {
  server = await TestServer.start({ redis: false });
  server.clock.freeze();
  user = await signUp(server);
  forge = forgerOf(server);
  claims = decodeJwt(user.accessToken);
});
afterAll(() => server.stop());

/** Tokens in the server's own signature: only what they say can be the reason. */
async function expectRefused(tokens: string[]): Promise<void> {
  const verdicts = await Promise.all(tokens.map((token) => whoAmI(server, token)));
  expect(verdicts).toEqual(tokens.map(() => INVALID));
}

describe('the claims of a genuine token', () => {
  it.each(['iss', 'aud', 'sub', 'sid', 'jti', 'iat', 'exp', 'auth_time', 'amr', 'client_id', 'roles', 'ver'])(
    '%s must be there, and of its type',
    async (name) => {
      const { [name]: value, ...others } = claims;
      const otherType = typeof value === 'number' ? String(value) : 7;
      await expectRefused(
        [others, ...[null, otherType, {}, true].map((wrong) => ({ ...others, [name]: wrong }))].map((it) => forge(it)),
      );
      expect(await whoAmI(server, forge(claims))).toBe(user.id);
    },
  );

  it.each(['iat', 'exp', 'nbf', 'auth_time', 'ver'])('%s must be a whole, positive, finite number', async (name) => {
    const json = JSON.stringify({ ...claims, [name]: '@' });
    const spelled = [
      '1e400',
      '-1e400',
      '-1',
      '0',
      '1.5',
      `${Number(claims[name] ?? claims['iat']) + 0.5}`,
      '9007199254740993',
      '[1]',
    ];
    await expectRefused(spelled.map((number) => forge(json.replace('"@"', number))));
  });

  it('iss and aud must be exactly those of this server', async () => {
    const wrong = {
      iss: [`${server.env.JWT_ISSUER}/`, server.env.JWT_ISSUER.toUpperCase(), '', [server.env.JWT_ISSUER]],
      aud: ['Latchkey', 'latchkey ', '', 'other', ['latchkey'], ['other', 'latchkey'], []],
    };
    const tokens = Object.entries(wrong).flatMap(([name, values]) =>
      values.map((it) => forge({ ...claims, [name]: it })),
    );
    await expectRefused(tokens);
  });

  // Case 87: what is absent never selects a row.
  it('sub and sid must be ids', async () => {
    const notIds = ['', ' ', '*', '%', "' or 1=1 --", 'undefined', [], { $ne: null }, [claims['sub']]];
    await expectRefused(['sub', 'sid'].flatMap((name) => notIds.map((it) => forge({ ...claims, [name]: it }))));
  });

  it('sub must be the owner of the session, and the session must exist', async () => {
    const other = await signUp(server);
    const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
    expect(await whoAmI(server, forge({ ...claims, sub: other.id }))).toBe(REVOKED);
    expect(await whoAmI(server, forge({ ...claims, sid: other.sessionId }))).toBe(REVOKED);
    expect(await whoAmI(server, forge({ ...claims, sid: other.id }))).toBe(REVOKED);
  });

  it.each(['"text"', '[]', 'null', '42', 'true', '', '{', '{"sub":'])(
    'the payload must be an object: %s',
    async (payload) => {
      await expectRefused([forge(payload)]);
    },
  );

  it.each([
    ['exp', -6, EXPIRED],
    ['exp', -5, EXPIRED],
    ['exp', -4, 'accepted'],
    ['exp', 0, 'accepted'],
    ['iat', 4, 'accepted'],
    ['iat', 5, 'accepted'],
    ['iat', 6, INVALID],
    ['nbf', 4, 'accepted'],
    ['nbf', 5, 'accepted'],
    ['nbf', 6, INVALID],
  ])('%s at %d s from now, with a tolerance of 5 s: %s', async (name, offset, verdict) => {
    const token = forge({ ...claims, [name]: server.clock.epochSeconds() + offset });
    expect(await whoAmI(server, token)).toBe(verdict === 'accepted' ? user.id : verdict);
  });

  it('a token lives no longer than this server gives one to live, whatever its exp says', async () => {
    const iat = server.clock.epochSeconds();
    const verdictsAfter = async (age: number, exp: number) => {
      const token = forge({ ...claims, iat: iat - age, exp });
      // The second time its signature is known already.
      return [await whoAmI(server, token), await whoAmI(server, token)];
    };
    for (const exp of [iat + 900, iat + 10 * 365 * 86_400, Number.MAX_SAFE_INTEGER]) {
      expect(await verdictsAfter(904, exp)).toEqual([user.id, user.id]);
      expect(await verdictsAfter(905, exp)).toEqual([EXPIRED, EXPIRED]);
    }
  });

  it('the clock of the server decides about nbf, and not the system', async () => {
    server.clock.advance(86_400 * 20);
    const { accessToken, id } = await signUp(server);
    const later: Record<string, unknown> = decodeJwt(accessToken);
    expect(await whoAmI(server, forge({ ...later, nbf: server.clock.epochSeconds() }))).toBe(id);
    server.clock.advance(-86_400 * 20);
  });

  it('the token of a login expires 900 s and the tolerance later, to the second', async () => {
    const { accessToken, id } = await signUp(server);
    server.clock.advance(904);
    expect(await whoAmI(server, accessToken)).toBe(id);
    server.clock.advance(1);
    expect(await whoAmI(server, accessToken)).toBe(EXPIRED);
    server.clock.advance(-905);
  });
});

describe('the header of a genuine token', () => {
  it('typ must be at+jwt, as RFC 9068 writes it', async () => {
    const others = [
      'JWT',
      'jwt',
      'at_jwt',
      'at+jwt ',
      'AT+JWT',
      'rt+jwt',
      'logout+jwt',
      'dpop+jwt',
      '',
      null,
      undefined,
    ];
    await expectRefused([...others, ['at+jwt'], {}].map((typ) => forge(claims, { typ })));
    expect(await whoAmI(server, forge(claims, { typ: 'application/at+jwt' }))).toBe(user.id);
  });

  it('kid must be the one of a key of ours', async () => {
    const others = [
      '',
      'unknown',
      '/dev/null',
      '../../../dev/null',
      "x' UNION SELECT 'key'; --",
      '|sleep 10',
      '__proto__',
    ];
    await expectRefused([...others, 'constructor', null, undefined, 0, [], {}].map((kid) => forge(claims, { kid })));
  });

  it('no extension may be critical (RFC 7515 section 4.1.11), and the payload must be encoded (RFC 7797)', async () => {
    const extensions = [{ crit: ['exp'] }, { crit: [] }, { crit: null }, { crit: ['b64'], b64: false }, { b64: false }];
    await expectRefused([...extensions, { b64: true }].map((extension) => forge(claims, extension)));
  });

  it('unpaired surrogates in it are text like any other', async () => {
    const { kid } = JSON.parse(Buffer.from(user.accessToken.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    await expectRefused(['\ud800', `${kid}\udfff`].map((it) => forge(claims, { kid: it })));
    expect(await whoAmI(server, forge(claims, { note: '\ud800' }))).toBe(user.id);
  });

  it('a made-up kid does not cost a read of the database each time', async () => {
    server.clock.advance(2);
    const tokens = Array.from({ length: 50 }, (_, index) => forge(claims, { kid: `made-up-${index}` }));
    const statements = await allStatementsOf(server, () => expectRefused(tokens));
    const readsOfKeys = statements.filter(({ sql }) => /from .?signing_keys/.test(sql));
    // One for the first of them, and the instance reads its keys again every second anyway.
    expect(readsOfKeys.length).toBeGreaterThanOrEqual(1);
    expect(readsOfKeys.length).toBeLessThan(5);
    server.clock.advance(-2);
  });
});

describe('the text of a token', () => {
  it('has exactly three segments', async () => {
    const [header = '', payload = '', signature = ''] = user.accessToken.split('.');
    const shapes = [[header], [header, payload], [header, payload, signature, ''], [header, payload, signature, 'AA']];
    const texts = [...shapes, ['', payload, signature], [header, '', signature], [header, payload, '']].map((it) =>
      it.join('.'),
    );
    await expectRefused([...texts, '.', '..', '...', '....']);
  });

  it('is no JSON serialisation (RFC 7515 section 7.2)', async () => {
    const [header, payload, signature] = user.accessToken.split('.');
    const flattened = JSON.stringify({ protected: header, payload, signature });
    await expectRefused([flattened, Buffer.from(flattened).toString('base64url')]);
  });

  it('has one spelling: the unused bits of the last character, padding and the other alphabet are refused', async () => {
    const respelled = ([0, 1, 2] as const).flatMap((index) => {
      const segment = user.accessToken.split('.')[index] ?? '';
      const unused = segment.length % 4 === 2 ? 16 : segment.length % 4 === 3 ? 4 : 1;
      const last = BASE64URL.indexOf(segment.at(-1) ?? '');
      const spellings = Array.from({ length: unused - 1 }, (_, step) => BASE64URL[last + step + 1] ?? '');
      const respell = spellings.map((it) => `${segment.slice(0, -1)}${it}`);
      const padded = [`${segment}=`, `${segment}==`, `${segment}%3D`, `${segment}A`, `${segment}!`];
      return [...respell, ...padded].map((it) => withSegment(user.accessToken, index, () => it));
    });
    const alphabet = user.accessToken.replace(/[-_]/g, (it) => (it === '-' ? '+' : '/'));
    await expectRefused(alphabet === user.accessToken ? respelled : [...respelled, alphabet]);
  });

  it('is refused after any change of one character', async () => {
    const character = fc.constantFrom(...`${BASE64URL}.+/=~`.split(''));
    const edit = fc.constantFrom('replace', 'insert', 'delete');
    const position = fc.nat({ max: user.accessToken.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, character, edit, async (at, written, how) => {
        const rest = user.accessToken.slice(how === 'insert' ? at : at + 1);
        const mutated = `${user.accessToken.slice(0, at)}${how === 'delete' ? '' : written}${rest}`;
        fc.pre(mutated !== user.accessToken);
        expect(await whoAmI(server, mutated)).toBe(INVALID);
      }),
      { numRuns: 300 },
    );
  });
});
