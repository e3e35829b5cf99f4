import { configWarnings } from '../../src/config/env.warnings.js';
import { parse, PRODUCTION } from './settings.js';

const warningsOf = (raw: Record<string, string | undefined>) =>
  configWarnings(parse(raw)).map((it) => it.split(' ')[0]);

describe('a setting that is safe on one machine and open on a network', () => {
  it.each([
    ['METRICS_TOKEN', { METRICS_ENABLED: 'true' }],
    ['PUBLIC_URL', { PUBLIC_URL: undefined }],
    ['RATE_LIMITS_ENABLED', { RATE_LIMITS_ENABLED: 'false' }],
  ])('is warned of in production: %s', (name, raw) => {
    expect(warningsOf({ ...PRODUCTION, ...raw })).toEqual([name]);
    expect(warningsOf(raw)).toEqual([]);
  });

  it('is warned of where NODE_ENV was forgotten', () => {
    const forgotten = { NODE_ENV: 'development', PUBLIC_URL: 'https://auth.example.com' };
    expect(warningsOf(forgotten)).toEqual(['NODE_ENV']);
    expect(warningsOf({ ...forgotten, PUBLIC_URL: 'http://auth.localhost:4000' })).toEqual([]);
    expect(warningsOf({ ...forgotten, NODE_ENV: 'test' })).toEqual([]);
  });

  it('is not warned of where it is closed, or where nobody else reaches the server', () => {
    expect(warningsOf(PRODUCTION)).toEqual([]);
    expect(warningsOf({ ...PRODUCTION, METRICS_ENABLED: 'true', METRICS_TOKEN: 'k3J9vQx2LmZw7RtY' })).toEqual([]);
    expect(warningsOf({ ...PRODUCTION, METRICS_ENABLED: 'true', PUBLIC_URL: undefined, HOST: '127.0.0.1' })).toEqual(
      [],
    );
  });
});
