import { parse, problemsOf } from './settings.js';

const target = { name: undefined, db: 0, username: undefined, password: undefined, tls: false };

describe('REDIS_URL', () => {
  it.each([
    ['redis://localhost', { ...target, kind: 'single', hosts: [{ host: 'localhost', port: 6379 }] }],
    [
      'rediss://user:p%40ss%2F%23word@redis.example.com:6380/2',
      {
        ...target,
        kind: 'single',
        hosts: [{ host: 'redis.example.com', port: 6380 }],
        db: 2,
        username: 'user',
        password: 'p@ss/#word',
        tls: true,
      },
    ],
    [
      'redis+sentinel://:word@10.0.0.1,10.0.0.2:26380,[::1]/my-master/3',
      {
        ...target,
        kind: 'sentinel',
        hosts: [
          { host: '10.0.0.1', port: 26_379 },
          { host: '10.0.0.2', port: 26_380 },
          { host: '::1', port: 26_379 },
        ],
        name: 'my-master',
        db: 3,
        password: 'word',
      },
    ],
    [
      'rediss+cluster://a:7000,b',
      {
        ...target,
        kind: 'cluster',
        hosts: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 6379 },
        ],
        tls: true,
      },
    ],
  ])('%s is understood', (REDIS_URL, expected) => {
    expect(parse({ REDIS_URL }).REDIS_URL).toEqual(expected);
  });

  it.each([
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://a,b',
    'redis://a/one',
    'redis+sentinel://a',
    'redis+sentinel://a/name/x',
    'redis+cluster://a/1',
    'redis+other://a',
    'redis://user:canary@/0',
  ])('%s is refused by its name, and not repeated', (REDIS_URL) => {
    const problems = problemsOf({ REDIS_URL });
    expect(problems.map(({ name }) => name)).toEqual(['REDIS_URL']);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });
});
