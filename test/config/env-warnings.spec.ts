import { configWarnings } from '../../src/config/env.warnings.js';
import { parse, PRODUCTION } from './settings.js';

const SERVED = { ...PRODUCTION, MAIL_URL: 'smtps://mail.example.com' };
const RELAY = 'smtp://mail.example.com';

const warningsOf = (raw: Record<string, string | undefined>) =>
  configWarnings(parse(raw)).map((it) => it.split(' ')[0]);

describe('a setting that is safe on one machine and open on a network', () => {
  it.each([
    ['METRICS_TOKEN', { METRICS_ENABLED: 'true' }],
    ['PUBLIC_URL', { PUBLIC_URL: undefined }],
    ['MAIL_URL', { MAIL_URL: undefined }],
    ['MAIL_URL', { MAIL_URL: `${RELAY}?ignoreTLS=true` }],
    ['MAIL_URL', { MAIL_URL: `${RELAY}?requireTLS=false` }],
    ['MAIL_URL', { MAIL_URL: `smtps://mail.example.com?tls.rejectUnauthorized=false` }],
    ['DATABASE_URL', { DATABASE_URL: 'sqlite::memory:' }],
  ])('is warned of in production: %s %j', (name, raw) => {
    expect(warningsOf({ ...SERVED, ...raw })).toEqual([name]);
    expect(warningsOf(raw)).toEqual([]);
  });

  it.each([
    ['RATE_LIMITS_ENABLED', { RATE_LIMITS_ENABLED: 'false' }],
    ['SESSION_MAX_AGE', { SESSION_MAX_AGE: '366d' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'silent' }],
  ])('is warned of everywhere: %s', (name, raw) => {
    expect(warningsOf({ ...SERVED, ...raw })).toEqual([name]);
    expect(warningsOf(raw)).toEqual([name]);
  });

  it('is warned of where a refresh token lives for more than a year', () => {
    const long = { SESSION_MAX_AGE: '3650d', REFRESH_TOKEN_TTL: '366d' };
    expect(warningsOf({ ...SERVED, ...long })).toEqual(['SESSION_MAX_AGE', 'REFRESH_TOKEN_TTL']);
    expect(warningsOf({ ...SERVED, SESSION_MAX_AGE: '365d', REFRESH_TOKEN_TTL: '365d' })).toEqual([]);
  });

  describe.each(['development', 'test'])('is warned of where NODE_ENV stayed %s and others are served', (NODE_ENV) => {
    it('under a PUBLIC_URL that is not on this machine', () => {
      const forgotten = { NODE_ENV, PUBLIC_URL: 'https://auth.example.com' };
      expect(warningsOf(forgotten)).toEqual(['NODE_ENV']);
      expect(warningsOf({ ...forgotten, PUBLIC_URL: 'http://auth.example.com' })).toEqual([
        'NODE_ENV',
        'COOKIE_SECURE',
      ]);
      expect(warningsOf({ ...forgotten, PUBLIC_URL: 'http://auth.localhost:4000' })).toEqual([]);
    });

    it('on an address that other machines reach', () => {
      const open = { NODE_ENV, HOST: '0.0.0.0', METRICS_ENABLED: 'true' };
      expect(warningsOf(open)).toEqual(['NODE_ENV', 'METRICS_TOKEN', 'PUBLIC_URL', 'COOKIE_SECURE']);
    });

    it('behind a proxy', () => {
      expect(warningsOf({ NODE_ENV, TRUST_PROXY: '1' })).toEqual(['NODE_ENV', 'COOKIE_SECURE']);
    });
  });

  it('is not warned of where it is closed, or where nobody else reaches the server', () => {
    expect(warningsOf(SERVED)).toEqual([]);
    expect(warningsOf({ ...SERVED, METRICS_ENABLED: 'true', METRICS_TOKEN: 'k3J9vQx2LmZw7RtY' })).toEqual([]);
    expect(warningsOf({ ...SERVED, METRICS_ENABLED: 'true', PUBLIC_URL: undefined, HOST: '127.0.0.1' })).toEqual([]);
    expect(warningsOf({ ...SERVED, MAIL_URL: 'smtp://localhost:25?ignoreTLS=true' })).toEqual([]);
    expect(warningsOf({ ...SERVED, MAIL_URL: `${RELAY}?ignoreTLS=false&requireTLS=true` })).toEqual([]);
    expect(warningsOf({ NODE_ENV: 'test' })).toEqual([]);
  });
});
