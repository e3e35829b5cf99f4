import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { loadEnv } from './config/load-env.js';
import { announce } from './http/announce.js';

const env = loadEnv();
const app = await NestFactory.create<NestExpressApplication>(AppModule.register(env), {
  bodyParser: false,
  bufferLogs: true,
});
configureApp(app, env);
await app.listen(env.PORT, env.HOST);
announce(env);
