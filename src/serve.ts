import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import type { Env } from './config/env.js';
import { announce } from './http/announce.js';

/** Builds the application, listens, and tells a person at the terminal where. */
export async function serve(env: Env): Promise<void> {
  const options = { bodyParser: false, bufferLogs: true };
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(env), options);
  configureApp(app, env);
  await app.listen(env.PORT, env.HOST);
  announce(env);
}
