import { ApolloServer } from '@apollo/server';
import { type CreateServerForIntegrationTests, defineIntegrationTestSuite } from '@apollo/server-integration-testsuite';
import { expressMiddleware } from '@as-integrations/express5';
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import type { RequestHandler } from 'express';
import { TestServer } from '../../support/test-server.js';

/** The server of the test that runs. Everything in front of it is ours, in the order in which Nest mounts our own. */
let current: RequestHandler;

@Module({})
class ApolloHostModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const mounted: RequestHandler = (request, response, next) => current(request, response, next);
    consumer.apply(mounted).forRoutes('/apollo');
  }
}

let host: TestServer;
beforeAll(async () => {
  host = await TestServer.start({ imports: [ApolloHostModule] });
});
afterAll(() => host.stop());

const createServer: CreateServerForIntegrationTests = async (config, { context } = {}) => {
  const server = new ApolloServer(config);
  await server.start();
  current = context ? expressMiddleware(server, { context }) : expressMiddleware(server);
  return { server, url: `${host.url}/apollo` };
};

defineIntegrationTestSuite(createServer);
