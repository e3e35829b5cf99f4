import { parse, problemsOf, refusedNames, SECRET } from './settings.js';

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
    expect(refusedNames({ ACCESS_TOKEN_TTL: '1h', REFRESH_TOKEN_TTL: '60m' })).toEqual(['ACCESS_TOKEN_TTL']);
    expect(refusedNames({ REFRESH_TOKEN_TTL: '91d' })).toEqual(['REFRESH_TOKEN_TTL']);
  });
});

describe('switches', () => {
  const switches = [
    'SIGNUP_ENABLED',
    'REQUIRE_EMAIL_VERIFICATION',
    'MAGIC_LINKS_ENABLED',
    'NEW_DEVICE_NOTICE',
    'COOKIE_SECURE',
    'RATE_LIMITS_ENABLED',
    'INTROSPECTION',
    'IDE',
    'METRICS_ENABLED',
  ] as const;

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
    ['FALSE', false],
    ['2', 2],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
    ['8', 8],
    ['loopback', ['loopback']],
  ])('TRUST_PROXY=%j is %j', (value, expected) => {
    expect(parse({ TRUST_PROXY: value }).TRUST_PROXY).toEqual(expected);
  });

  it.each([
    'true',
    '-1',
    '9',
    '99',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1, 128.0.0.0/1',
    '::/1',
    '::ffff:0:0/96',
    'proxy.example.com',
    '10.0.0.0/8/8',
  ])('TRUST_PROXY=%s is refused', (value) => {
    expect(refusedNames({ TRUST_PROXY: value })).toEqual(['TRUST_PROXY']);
  });

  it.each([
    'sqlite::memory:',
    'sqlite:./data/latchkey.sqlite',
    'postgres://u:p%23@localhost:5432/latchkey',
    'postgresql:///latchkey?host=/var/run/postgresql',
  ])('DATABASE_URL=%s is taken as it is', (value) => {
    expect(parse({ DATABASE_URL: value }).DATABASE_URL).toBe(value);
  });

  it.each([
    'mysql://localhost/x',
    'latchkey.sqlite',
    'sqlite:',
    'postgres:',
    'postgres://',
    'postgres://u:p#w@localhost/x',
  ])('DATABASE_URL=%s is refused', (value) => {
    expect(refusedNames({ DATABASE_URL: value })).toEqual(['DATABASE_URL']);
  });

  it.each(['none', 'HS384', 'es256'])('JWT_ALGORITHM=%s is refused', (value) => {
    expect(refusedNames({ JWT_ALGORITHM: value })).toEqual(['JWT_ALGORITHM']);
  });

  it.each([
    ['REDIS_URL', 'localhost:6379'],
    ['MAIL_URL', 'smtp.example.com'],
    ['MAIL_FROM', 'Acme'],
    ['MAIL_FROM', 'Acme <no-reply>'],
    ['MAIL_FROM', 'Acme\r\nBcc: <all@example.com>'],
    ['ADMIN_EMAIL', 'root'],
    ['LOG_LEVEL', 'loud'],
    ['COOKIE_SAMESITE', 'maybe'],
    ['REFRESH_GRACE_SECONDS', '301'],
    ['CLOCK_TOLERANCE_SECONDS', '61'],
    ['MAX_SESSIONS_PER_USER', '0'],
    ['PORT', '65536'],
    ['PUBLIC_URL', 'auth.example.com'],
    ['PUBLIC_URL', 'https://user:pass@auth.example.com'],
    ['APP_URL', 'https://app.example.com/?a=b'],
    ['APP_URL', 'javascript:alert(1)'],
  ])('%s=%s is refused', (name, value) => {
    expect(refusedNames({ ADMIN_PASSWORD: name === 'ADMIN_EMAIL' ? 'x' : '', [name]: value })).toEqual([name]);
  });

  it.each(['JWT_AUDIENCE', 'DATABASE_URL', 'MAIL_URL', 'HOST', 'CORS_ORIGINS', 'MAIL_OUTBOX', 'METRICS_TOKEN'])(
    'a line break in %s is refused: a quote in .env was closed too late',
    (name) => {
      const started: Record<string, string> = { DATABASE_URL: 'sqlite:x', MAIL_URL: 'smtp://localhost' };
      const value = `${started[name] ?? 'k3J9vQx2LmZw7RtY'}\nb`;
      expect(problemsOf({ [name]: value })).toEqual([{ name, reason: 'must be one line without control characters' }]);
    },
  );

  it('a secret that signs can have several lines', () => {
    const lines = `${SECRET}\n${SECRET}`;
    expect(parse({ JWT_SECRET: lines }).JWT_SECRET).toBe(lines);
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
    expect(parse({ PUBLIC_URL: 'https://auth.example.com', JWT_ISSUER: 'me' }).JWT_ISSUER).toBe('me');
  });

  it('PUBLIC_URL is kept in its normal form', () => {
    expect(parse({ PUBLIC_URL: 'HTTPS://Auth.Example.com:443/base//' })).toMatchObject({
      PUBLIC_URL: 'https://auth.example.com/base',
      COOKIE_SECURE: true,
    });
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
    expect(refusedNames(raw).sort()).toEqual(Object.keys(raw).sort());
    expect(JSON.stringify(problemsOf(raw))).not.toContain(canary);
  });

  it('has no problem that follows from another one', () => {
    expect(refusedNames({ REFRESH_TOKEN_TTL: '100d', SESSION_MAX_AGE: 'abc' })).toEqual(['SESSION_MAX_AGE']);
    expect(refusedNames({ PUBLIC_URL: 'x', COOKIE_DOMAIN: 'example.com', COOKIE_SAMESITE: 'none' })).toEqual([
      'PUBLIC_URL',
    ]);
  });

  it('holds nothing of the environment but settings', () => {
    const settings = Object.keys(parse()).sort();
    expect(Object.keys(parse({ HOME: '/root', PATH: '/bin' })).sort()).toEqual(settings);
  });

  it('is the documented defaults when only the secret is set', () => {
    expect(parse()).toEqual({
      NODE_ENV: 'development',
      isProduction: false,
      HOST: '127.0.0.1',
      PORT: 4000,
      PUBLIC_URL: 'http://localhost:4000',
      APP_URL: 'http://localhost:5173',
      DATABASE_URL: 'sqlite:./data/latchkey.sqlite',
      DATABASE_POOL_SIZE: 10,
      DATABASE_CONNECT_TIMEOUT: 3,
      DATABASE_STATEMENT_TIMEOUT: 5,
      DATABASE_LOCK_TIMEOUT: 3,
      DATABASE_RETRIES: 3,
      REDIS_URL: undefined,
      REDIS_TIMEOUT_MS: 25,
      JWT_SECRET: SECRET,
      JWT_PREVIOUS_SECRETS: [],
      JWT_ALGORITHM: 'ES256',
      JWT_ISSUER: 'http://localhost:4000',
      JWT_AUDIENCE: 'latchkey',
      JWKS_MAX_AGE: 300,
      KEY_ROTATION_INTERVAL: 7_776_000,
      ACCESS_TOKEN_TTL: 900,
      REFRESH_TOKEN_TTL: 2_592_000,
      SESSION_MAX_AGE: 7_776_000,
      REFRESH_GRACE_SECONDS: 60,
      CLOCK_TOLERANCE_SECONDS: 5,
      MAX_SESSIONS_PER_USER: 100,
      SESSION_RETENTION: 604_800,
      AUDIT_RETENTION: 31_536_000,
      JOBS_ENABLED: true,
      BCRYPT_COST: 12,
      ADMIN_EMAIL: undefined,
      ADMIN_PASSWORD: undefined,
      SIGNUP_ENABLED: true,
      REQUIRE_EMAIL_VERIFICATION: false,
      MAGIC_LINKS_ENABLED: true,
      NEW_DEVICE_NOTICE: true,
      REAUTHENTICATION_MAX_AGE: 600,
      DELETED_EMAIL_HOLD: 0,
      EMAIL_VERIFICATION_TTL: 86_400,
      PASSWORD_RESET_TTL: 3_600,
      MAGIC_LINK_TTL: 600,
      EMAIL_CHANGE_TTL: 3_600,
      EMAIL_REVERT_TTL: 604_800,
      MAIL_URL: undefined,
      MAIL_FROM: 'Latchkey <no-reply@localhost>',
      MAIL_OUTBOX: './data/outbox',
      MAIL_TEMPLATES: undefined,
      MAIL_RETRY_FOR: 86_400,
      COOKIE_DOMAIN: undefined,
      COOKIE_SAMESITE: 'lax',
      COOKIE_SECURE: false,
      CORS_ORIGINS: ['http://localhost:5173'],
      TRUST_PROXY: false,
      RATE_LIMITS_ENABLED: true,
      INTROSPECTION: true,
      IDE: true,
      SHUTDOWN_DELAY: 0,
      SHUTDOWN_TIMEOUT: 30,
      LOG_LEVEL: 'info',
      OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      METRICS_ENABLED: false,
      METRICS_PORT: 9464,
      METRICS_TOKEN: undefined,
    });
  });
});
