import { randomBytes } from 'node:crypto';
import { ConfigError, type ConfigProblem, parseEnv } from '../../src/config/env.js';

const SECRET = randomBytes(48).toString('base64url');
const PRODUCTION = { NODE_ENV: 'production', JWT_SECRET: SECRET, PUBLIC_URL: 'https://auth.example.com' };

const parse = (raw: Record<string, string> = {}) => parseEnv({ JWT_SECRET: SECRET, ...raw });

function problemsOf(raw: Record<string, string | undefined>): readonly ConfigProblem[] {
  try {
    parseEnv(raw);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const refusedNames = (raw: Record<string, string>) =>
  problemsOf({ JWT_SECRET: SECRET, ...raw }).map(({ name }) => name);

describe('durations', () => {
  // @see auth0/node-jsonwebtoken#456
  it.each(['900', '900s', '15m'])('%s is 900 seconds', (value) => {
    expect(parse({ ACCESS_TOKEN_TTL: value }).ACCESS_TOKEN_TTL).toBe(900);
  });

  it.each([
    ['12h', 43_200],
    ['30d', 2_592_000],
  ])('%s is %d seconds', (value, seconds) => {
    expect(parse({ REFRESH_TOKEN_TTL: value }).REFRESH_TOKEN_TTL).toBe(seconds);
  });

  it.each(['', 'abc', '0', '-5', '15 parsecs', '1.5h', '900ms', '1e3', '9'.repeat(20)])('%j is refused', (value) => {
    expect(refusedNames({ ACCESS_TOKEN_TTL: value })).toEqual(['ACCESS_TOKEN_TTL']);
  });

  it('must be in order: access token, idle session, session', () => {
    expect(refusedNames({ ACCESS_TOKEN_TTL: '30d' })).toEqual(['ACCESS_TOKEN_TTL']);
    expect(refusedNames({ REFRESH_TOKEN_TTL: '91d' })).toEqual(['REFRESH_TOKEN_TTL']);
  });
});

describe('switches', () => {
  const switches = ['SIGNUP_ENABLED', 'COOKIE_SECURE', 'INTROSPECTION', 'IDE', 'REQUIRE_EMAIL_VERIFICATION'] as const;

  // @see nestjs/config#91
  it.each(switches)('%s: false, 0 and no are off; true, 1 and yes are on', (name) => {
    const read = (value: string) => parse({ [name]: value })[name];
    expect(['false', '0', 'no', 'FALSE', 'No'].map(read)).toEqual([false, false, false, false, false]);
    expect(['true', '1', 'yes', 'TRUE', 'Yes'].map(read)).toEqual([true, true, true, true, true]);
  });

  it.each(switches)('%s: an empty text is the default, and any other word is refused', (name) => {
    expect(parse({ [name]: '' })[name]).toBe(parse()[name]);
    expect(refusedNames({ [name]: 'maybe' })).toEqual([name]);
  });
});

describe('JWT_SECRET', () => {
  // @see nestjs/jwt#2079
  it('is required in every environment', () => {
    for (const NODE_ENV of ['development', 'test', 'staging', 'production']) {
      expect(problemsOf({ ...PRODUCTION, NODE_ENV, JWT_SECRET: undefined })).toEqual([
        { name: 'JWT_SECRET', reason: 'is missing; set it to at least 32 random bytes' },
      ]);
    }
  });

  it.each([
    [
      'one byte too short',
      randomBytes(31)
        .toString('latin1')
        .replace(/[^a-z]/g, 'x')
        .slice(0, 31),
    ],
    ['a placeholder', `change-me-${SECRET}`],
    ['one character', 'a'.repeat(64)],
    ['a repetition', 'k3J9vQ'.repeat(10)],
    ['digits that count', '0123456789'.repeat(4)],
    ['a short alphabet', 'abababbabaababbaabbaababbababaabbabaab'],
  ])('is refused when it is %s', (_, JWT_SECRET) => {
    expect(refusedNames({ JWT_SECRET })).toEqual(['JWT_SECRET']);
  });

  it('is accepted when it is random: hexadecimal, base64 and base64url', () => {
    for (let round = 0; round < 500; round++) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        expect(refusedNames({ JWT_SECRET: randomBytes(32).toString(encoding) })).toEqual([]);
      }
    }
  });

  it('must not be among the previous secrets, and those obey the same rules', () => {
    expect(refusedNames({ JWT_PREVIOUS_SECRETS: SECRET })).toEqual(['JWT_PREVIOUS_SECRETS']);
    expect(refusedNames({ JWT_PREVIOUS_SECRETS: 'short' })).toEqual(['JWT_PREVIOUS_SECRETS']);
  });

  it('has previous ones, separated by commas or as a JSON array', () => {
    const [first, second] = [randomBytes(32).toString('hex'), `${randomBytes(32).toString('hex')},with a comma`];
    expect(parse({ JWT_PREVIOUS_SECRETS: `${first}, ${SECRET}x` }).JWT_PREVIOUS_SECRETS).toEqual([first, `${SECRET}x`]);
    expect(parse({ JWT_PREVIOUS_SECRETS: JSON.stringify([first, second]) }).JWT_PREVIOUS_SECRETS).toEqual([
      first,
      second,
    ]);
    expect(refusedNames({ JWT_PREVIOUS_SECRETS: '[1, 2' })).toEqual(['JWT_PREVIOUS_SECRETS']);
  });
});

describe('production', () => {
  it('is every NODE_ENV but development and test', () => {
    const isProduction = (NODE_ENV: string) => parseEnv({ ...PRODUCTION, NODE_ENV }).isProduction;
    expect(['production', 'staging', 'prod'].map(isProduction)).toEqual([true, true, true]);
    expect(['development', 'test', ''].map(isProduction)).toEqual([false, false, false]);
    expect(parse().NODE_ENV).toBe('development');
  });

  it('has secure cookies, no introspection and no playground unless told otherwise', () => {
    expect(parseEnv(PRODUCTION)).toMatchObject({
      COOKIE_SECURE: true,
      INTROSPECTION: false,
      IDE: false,
      HOST: '0.0.0.0',
    });
    expect(parseEnv({ ...PRODUCTION, INTROSPECTION: 'true', IDE: 'true' })).toMatchObject({
      INTROSPECTION: true,
      IDE: true,
    });
    expect(parse()).toMatchObject({ COOKIE_SECURE: false, INTROSPECTION: true, IDE: true, HOST: '127.0.0.1' });
  });

  it.each([
    ['COOKIE_SECURE', { COOKIE_SECURE: 'false' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'http://auth.example.com' }],
    ['BCRYPT_COST', { BCRYPT_COST: '9' }],
  ])('refuses an insecure %s', (name, raw) => {
    expect(problemsOf({ ...PRODUCTION, ...raw }).map((problem) => problem.name)).toEqual([name]);
  });

  it('accepts plain http on localhost, for trying it out', () => {
    expect(problemsOf({ ...PRODUCTION, PUBLIC_URL: 'http://localhost:4000' })).toEqual([]);
  });
});

describe('origins and cookies', () => {
  it.each([
    '*',
    'https://app.example.com/',
    'https://app.example.com/path',
    'null',
    'app.example.com',
    'https://a.example,*',
  ])('CORS_ORIGINS=%s is refused', (value) => expect(refusedNames({ CORS_ORIGINS: value })).toEqual(['CORS_ORIGINS']));

  it('the origin of APP_URL may call unless CORS_ORIGINS says otherwise', () => {
    expect(parse({ APP_URL: 'https://app.example.com/start' }).CORS_ORIGINS).toEqual(['https://app.example.com']);
    expect(parse({ CORS_ORIGINS: 'https://a.example, https://b.example:8443' }).CORS_ORIGINS).toEqual([
      'https://a.example',
      'https://b.example:8443',
    ]);
  });

  it('SameSite=none needs Secure', () => {
    expect(refusedNames({ COOKIE_SAMESITE: 'none' })).toEqual(['COOKIE_SAMESITE']);
    expect(refusedNames({ COOKIE_SAMESITE: 'none', COOKIE_SECURE: 'true' })).toEqual([]);
  });

  it.each([
    ['example.com', []],
    ['.example.com', []],
    ['auth.example.com', []],
    ['evil.com', ['COOKIE_DOMAIN']],
    ['ample.com', ['COOKIE_DOMAIN']],
  ])('COOKIE_DOMAIN=%s for auth.example.com', (domain, refused) => {
    expect(problemsOf({ ...PRODUCTION, COOKIE_DOMAIN: domain }).map(({ name }) => name)).toEqual(refused);
  });
});

describe('numbers, lists and the rest', () => {
  // @see kelektiv/node.bcrypt.js#823
  it.each(['3', '40', 'x', '', '12.5', '0x0c'])('BCRYPT_COST=%j is refused', (value) => {
    expect(refusedNames({ BCRYPT_COST: value })).toEqual(['BCRYPT_COST']);
  });

  it('BCRYPT_COST may be 4 in tests, and 10 everywhere', () => {
    expect(refusedNames({ BCRYPT_COST: '4', NODE_ENV: 'test' })).toEqual([]);
    expect(refusedNames({ BCRYPT_COST: '9' })).toEqual(['BCRYPT_COST']);
    expect(parse({ BCRYPT_COST: '10' }).BCRYPT_COST).toBe(10);
  });

  it.each([
    ['', false],
    ['0', false],
    ['false', false],
    ['2', 2],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
    ['loopback', ['loopback']],
  ])('TRUST_PROXY=%j is %j', (value, expected) => {
    expect(parse({ TRUST_PROXY: value }).TRUST_PROXY).toEqual(expected);
  });

  it.each(['true', '-1', '10.0.0.0/33', 'proxy.example.com', '10.0.0.0/8/8'])('TRUST_PROXY=%s is refused', (value) => {
    expect(refusedNames({ TRUST_PROXY: value })).toEqual(['TRUST_PROXY']);
  });

  it.each(['mysql://localhost/x', 'latchkey.sqlite', 'sqlite:', 'postgres:'])('DATABASE_URL=%s is refused', (value) => {
    expect(refusedNames({ DATABASE_URL: value })).toEqual(['DATABASE_URL']);
  });

  it.each(['none', 'HS384', 'es256'])('JWT_ALGORITHM=%s is refused', (value) => {
    expect(refusedNames({ JWT_ALGORITHM: value })).toEqual(['JWT_ALGORITHM']);
  });

  it('an administrator needs both an e-mail and a password', () => {
    expect(refusedNames({ ADMIN_EMAIL: 'root@example.com' })).toEqual(['ADMIN_PASSWORD']);
    expect(refusedNames({ ADMIN_PASSWORD: 'x' })).toEqual(['ADMIN_EMAIL']);
  });

  it('PUBLIC_URL follows PORT, and JWT_ISSUER follows PUBLIC_URL', () => {
    expect(parse({ PORT: '5001' })).toMatchObject({
      PUBLIC_URL: 'http://localhost:5001',
      JWT_ISSUER: 'http://localhost:5001',
    });
    expect(parse({ PUBLIC_URL: 'https://auth.example.com/' }).JWT_ISSUER).toBe('https://auth.example.com');
  });
});

describe('the result', () => {
  it('is frozen, lists included', () => {
    const env = parse({ CORS_ORIGINS: 'https://a.example' });
    expect(Object.isFrozen(env)).toBe(true);
    expect(Object.isFrozen(env.CORS_ORIGINS)).toBe(true);
  });

  it('names every problem at once and never repeats a value', () => {
    const canary = 'canary-7f3a';
    const raw = {
      JWT_SECRET: canary,
      PORT: canary,
      JWT_ALGORITHM: canary,
      IDE: canary,
      DATABASE_URL: canary,
      PUBLIC_URL: canary,
    };
    const problems = problemsOf(raw);
    expect(problems.map(({ name }) => name).sort()).toEqual([
      'DATABASE_URL',
      'IDE',
      'JWT_ALGORITHM',
      'PORT',
      'PUBLIC_URL',
    ]);
    expect(JSON.stringify(problems)).not.toContain(canary);
  });
});
