import { explainEnv, type ExplainedSetting } from '../../src/config/explained-env.js';
import { envSchema } from '../../src/config/env.schema.js';
import type { ModuleRules } from '../../src/config/judgement.js';

const GOOD = { JWT_SECRET: 'q8Vt2LmZx0RkYc7NpDw4HsBf6JgUe1Aa' };

const NO_RULES: ModuleRules = { problems: () => [], warnings: () => [] };

const explained = (values: Record<string, string>, environment: Record<string, string>) => {
  const { settings, problems } = explainEnv({ values, problems: [], unclear: [] }, environment, NO_RULES);
  const of = (name: string): ExplainedSetting | undefined => settings.find((setting) => setting.name === name);
  return { settings, problems, of };
};

it('names every setting once, with what it is for', () => {
  const { settings, problems } = explained({}, GOOD);
  expect(settings.map(({ name }) => name)).toEqual(Object.keys(envSchema.shape));
  expect(settings.filter(({ description }) => description.length < 10)).toEqual([]);
  expect(problems).toEqual([]);
});

it('says where each value comes from: the environment wins over the file, and the file over the default', () => {
  const { of } = explained({ PORT: '1', LOG_LEVEL: 'warn' }, { ...GOOD, PORT: '2' });
  expect(of('PORT')).toMatchObject({ value: '2', from: 'environment' });
  expect(of('LOG_LEVEL')).toMatchObject({ value: 'warn', from: '.env' });
  expect(of('ACCESS_TOKEN_TTL')).toMatchObject({ value: '15m', from: 'default' });
  expect(of('REDIS_URL')).toMatchObject({ value: null, from: 'default' });
});

it('takes an empty value for none, as the server does, and shows what a rule refuses', () => {
  const { of, problems } = explained(
    { IDE: '', MAIL_URL: '' },
    { ...GOOD, NODE_ENV: 'production', PUBLIC_URL: 'http://id.example.com' },
  );
  expect(of('IDE')).toMatchObject({ value: 'false', from: 'default' });
  expect(of('MAIL_URL')).toMatchObject({ value: null, from: 'default' });
  expect(problems.map(({ name }) => name)).toEqual(['APP_URL', 'PUBLIC_URL']);
  expect(of('PUBLIC_URL')).toMatchObject({ value: 'http://id.example.com', from: 'environment' });
});

it('shows a default that follows from others as what it has become', () => {
  const { of } = explained({}, { ...GOOD, NODE_ENV: 'production', PUBLIC_URL: 'https://id.example.com' });
  expect(['HOST', 'JWT_ISSUER', 'COOKIE_SECURE', 'CORS_ORIGINS', 'IDE'].map((name) => of(name)?.value)).toEqual([
    '0.0.0.0',
    'https://id.example.com',
    'true',
    'http://localhost:5173',
    'false',
  ]);
});

it.each([
  ['JWT_SECRET', GOOD.JWT_SECRET],
  ['JWT_PREVIOUS_SECRETS', 's3cret'],
  ['ADMIN_PASSWORD', 's3cret'],
  ['METRICS_TOKEN', 's3cret'],
  ['DATABASE_URL', 'postgres://me:s3cret@db.example.com/latchkey?password=s3cret'],
  ['DATABASE_URL', 'postgres://me:s3c/r@et@db.example.com/latchkey'],
  ['REDIS_URL', 'rediss://:s3cret@redis.example.com'],
  ['MAIL_URL', 'smtps://me:s3cret@mail.example.com'],
  ['PORT', 's3cret'],
])('never shows the secret in %s=%s', (name, value) => {
  const { of } = explained({ [name]: value }, {});
  expect(of(name)?.value).toContain('(hidden)');
  expect(of(name)?.value).not.toMatch(/s3c|r@et|q8Vt/);
});

it('names what is wrong, all of it', () => {
  const { problems } = explained({ PORT: 'x' }, { NODE_ENV: 'production', PUBLIC_URL: 'http://id.example.com' });
  expect(problems.map(({ name }) => name).sort()).toEqual(['APP_URL', 'JWT_SECRET', 'PORT', 'PUBLIC_URL']);
});
