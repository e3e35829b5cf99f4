import { randomBytes } from 'node:crypto';
import { parse, problemsOf, PRODUCTION, refusedNames, SECRET } from './settings.js';

describe('JWT_SECRET', () => {
  // @see nestjs/jwt#2079
  it('is required in every environment', () => {
    for (const NODE_ENV of ['development', 'test', 'staging', 'production']) {
      expect(problemsOf({ ...PRODUCTION, NODE_ENV, JWT_SECRET: undefined })).toEqual([
        { name: 'JWT_SECRET', reason: 'is missing; set it to at least 32 random bytes (openssl rand -base64 48)' },
      ]);
    }
  });

  it.each([
    ['empty', ''],
    ['one byte too short', SECRET.slice(0, 31)],
    ['a placeholder', `change-me-${SECRET}`],
    ['one character', 'a'.repeat(64)],
    ['a repetition', 'k3J9vQ'.repeat(10)],
    ['a repetition that is cut off', 'k3J9vQx2Lm'.repeat(4).slice(0, 35)],
    ['digits that count', '0123456789'.repeat(4)],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['blanks', ' '.repeat(40)],
    ['a short alphabet', 'abababbabaababbaabbaababbababaabbabaab'],
  ])('is refused when it is %s', (_, JWT_SECRET) => {
    expect(refusedNames({ JWT_SECRET })).toEqual(['JWT_SECRET']);
  });

  it('is measured in bytes, not in characters', () => {
    const greek = 'αβξδωζτθρκσμπ';
    expect(problemsOf({ JWT_SECRET: greek })).toEqual([
      { name: 'JWT_SECRET', reason: 'must be at least 32 bytes long' },
    ]);
    expect(problemsOf({ JWT_SECRET: `${greek}χάος` })).toEqual([
      { name: 'JWT_SECRET', reason: 'is too predictable; use random characters' },
    ]);
  });

  it('is accepted when it is random: hexadecimal, base64 and base64url', () => {
    for (let round = 0; round < 100; round++) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        expect(refusedNames({ JWT_SECRET: randomBytes(32).toString(encoding) })).toEqual([]);
      }
    }
  });

  it('is taken as it is, blanks and special characters included', () => {
    const JWT_SECRET = ` ${SECRET}$#"'\\n `;
    expect(parse({ JWT_SECRET }).JWT_SECRET).toBe(JWT_SECRET);
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

describe('METRICS_TOKEN', () => {
  it.each(['x', 'of-who-scrapes', 'a'.repeat(32), 'change-me-change-me', '0123456789abcdef'])(
    'is refused when it can be guessed: %s',
    (METRICS_TOKEN) => {
      expect(refusedNames({ METRICS_TOKEN })).toEqual(['METRICS_TOKEN']);
    },
  );

  it('must not be the secret that signs, a former one or the password of the administrator', () => {
    const former = randomBytes(32).toString('hex');
    const admin = { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: former };
    expect(refusedNames({ METRICS_TOKEN: SECRET })).toEqual(['METRICS_TOKEN']);
    expect(refusedNames({ METRICS_TOKEN: former, JWT_PREVIOUS_SECRETS: former })).toEqual(['METRICS_TOKEN']);
    expect(refusedNames({ METRICS_TOKEN: former, ...admin })).toEqual(['METRICS_TOKEN']);
    expect(refusedNames({ ...admin, ADMIN_PASSWORD: SECRET })).toEqual(['ADMIN_PASSWORD']);
  });

  it('may be empty, and is accepted when it is random', () => {
    const random = Array.from({ length: 100 }, () => randomBytes(12).toString('hex'));
    expect(['', ...random].flatMap((METRICS_TOKEN) => refusedNames({ METRICS_TOKEN }))).toEqual([]);
  });
});

describe('production', () => {
  it('is every NODE_ENV but development and test', () => {
    const isProduction = (NODE_ENV: string) => parse({ ...PRODUCTION, NODE_ENV }).isProduction;
    expect(['production', 'staging', 'prod'].map(isProduction)).toEqual([true, true, true]);
    expect(['development', 'test', ''].map(isProduction)).toEqual([false, false, false]);
    expect(parse().NODE_ENV).toBe('development');
  });

  it('has secure cookies, no introspection and no playground unless told otherwise', () => {
    expect(parse(PRODUCTION)).toMatchObject({
      COOKIE_SECURE: true,
      INTROSPECTION: false,
      IDE: false,
      HOST: '0.0.0.0',
    });
    expect(parse({ ...PRODUCTION, INTROSPECTION: 'true', IDE: 'true' })).toMatchObject({
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
    expect(refusedNames({ ...PRODUCTION, ...raw })).toEqual([name]);
  });

  it('refuses a frontend of plain http: whoever is on the way of its visitors could act for them', () => {
    const plain = 'http://app.example.com';
    expect(refusedNames({ ...PRODUCTION, APP_URL: plain })).toEqual(['APP_URL']);
    expect(refusedNames({ ...PRODUCTION, APP_URL: plain, CORS_ORIGINS: plain })).toEqual(['APP_URL']);
    expect(refusedNames({ ...PRODUCTION, CORS_ORIGINS: `https://app.example.com, ${plain}` })).toEqual([
      'CORS_ORIGINS',
    ]);
    const atHome = { ...PRODUCTION, PUBLIC_URL: 'http://localhost:4000' };
    expect(refusedNames({ ...atHome, APP_URL: plain, CORS_ORIGINS: `${plain}, http://b.example` })).toEqual([]);
    expect(refusedNames({ ...atHome, APP_URL: plain, MAIL_URL: 'smtp://localhost:1025' })).toEqual(['APP_URL']);
  });

  it('accepts plain http on the machine itself, for trying it out', () => {
    const hosts = ['localhost', '127.0.0.1', '[::1]'];
    expect(hosts.flatMap((host) => problemsOf({ ...PRODUCTION, PUBLIC_URL: `http://${host}:4000` }))).toEqual([]);
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
    'https://*.example.com',
    'https://app.example.com:443',
    'ftp://app.example.com',
  ])('CORS_ORIGINS=%s is refused', (value) => expect(refusedNames({ CORS_ORIGINS: value })).toEqual(['CORS_ORIGINS']));

  it('says why * is refused', () => {
    expect(problemsOf({ CORS_ORIGINS: '*' })).toEqual([
      { name: 'CORS_ORIGINS', reason: 'must not hold *: any site could act for your users' },
    ]);
  });

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
    expect(refusedNames({ COOKIE_SAMESITE: 'none', PUBLIC_URL: 'https://auth.example.com' })).toEqual([]);
  });

  it('COOKIE_DOMAIN loses its dot and its capitals, and an address has none above it', () => {
    expect(parse({ ...PRODUCTION, COOKIE_DOMAIN: '.Example.com' }).COOKIE_DOMAIN).toBe('example.com');
    expect(refusedNames({ PUBLIC_URL: 'http://10.0.0.1', COOKIE_DOMAIN: '0.0.1' })).toEqual(['COOKIE_DOMAIN']);
    const absolute = { PUBLIC_URL: 'https://example.com.', COOKIE_DOMAIN: 'com.' };
    expect(refusedNames(absolute)).toEqual(['COOKIE_DOMAIN']);
    expect(refusedNames({ ...absolute, COOKIE_DOMAIN: 'example.com.' })).toEqual([]);
  });

  it.each([
    ['example.com', []],
    ['.example.com', []],
    ['auth.example.com', []],
    ['evil.com', ['COOKIE_DOMAIN']],
    ['ample.com', ['COOKIE_DOMAIN']],
    ['com', ['COOKIE_DOMAIN']],
    ['a.auth.example.com', ['COOKIE_DOMAIN']],
    ['.', ['COOKIE_DOMAIN']],
  ])('COOKIE_DOMAIN=%s for auth.example.com', (domain, refused) => {
    expect(refusedNames({ ...PRODUCTION, COOKIE_DOMAIN: domain })).toEqual(refused);
  });
});

describe('KEY_ROTATION_INTERVAL', () => {
  it('leaves each key time to be published and to sign', () => {
    expect(refusedNames({ KEY_ROTATION_INTERVAL: '14m', JWKS_MAX_AGE: '5m' })).toEqual(['KEY_ROTATION_INTERVAL']);
    expect(refusedNames({ KEY_ROTATION_INTERVAL: '15m', JWKS_MAX_AGE: '5m' })).toEqual([]);
  });
});

describe('SHUTDOWN_DELAY', () => {
  it('may be zero, as no other duration may', () => {
    expect(refusedNames({ SHUTDOWN_DELAY: '0' })).toEqual([]);
    expect(refusedNames({ SHUTDOWN_DELAY: '-1' })).toEqual(['SHUTDOWN_DELAY']);
    expect(refusedNames({ SHUTDOWN_TIMEOUT: '0' })).toEqual(['SHUTDOWN_TIMEOUT']);
  });
});
