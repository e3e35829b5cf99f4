import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createTwoFilesPatch } from 'diff';
import { AppModule } from '../app.module.js';
import { parseEnv } from '../config/env.js';
import { printSchema } from '../graphql/print-schema.js';

/**
 * `npm run schema` writes schema.gql; with `--check` it compares instead and exits 1 with the differences. It boots the
 * real application on an empty database in memory, so that what is printed is what is served, and needs neither a
 * database server nor a secret.
 */
const SCHEMA_FILE = new URL('../../schema.gql', import.meta.url);

const env = parseEnv({
  NODE_ENV: 'test',
  DATABASE_URL: 'sqlite::memory:',
  JWT_SECRET: randomBytes(32).toString('base64url'),
  LOG_LEVEL: 'silent',
});
const app = await NestFactory.create<NestExpressApplication>(AppModule.register(env), { logger: ['error'] });
await app.init();
const printed = printSchema(app.get(GraphQLSchemaHost).schema);
await app.close();

if (process.argv.includes('--check')) {
  const written = readFileSync(SCHEMA_FILE, 'utf8');
  if (written !== printed) {
    const patch = createTwoFilesPatch('schema.gql', 'from the code', written, printed);
    process.stderr.write(`${patch}\nschema.gql is out of date. Run: npm run schema\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(SCHEMA_FILE, printed);
}
