import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../src/app.module.js';
import { configureApp } from '../../src/app.setup.js';
import { parseEnv } from '../../src/config/env.js';
import { describePlayground } from './playground-rules.js';
import type { NestExpressApplication } from '@nestjs/platform-express';
let app: NestExpressApplication;
beforeAll(async () => {
  const env = {
    ...parseEnv({
      NODE_ENV: 'test',
      DATABASE_URL: 'sqlite::memory:',
      JWT_SECRET: 'x9Kf'.repeat(12) + 'abcdefgh',
      LOG_LEVEL: 'warn',
    }),
    COOKIE_SECURE: false,
  } as any;
  app = await NestFactory.create<NestExpressApplication>(AppModule.register(env), {
    bodyParser: false,
    bufferLogs: true,
  } as any);
  configureApp(app, env);
  await app.listen(4488);
}, 60000);
afterAll(() => app?.close());
describePlayground(() => 'http://localhost:4488');
