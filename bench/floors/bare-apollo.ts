/** Apollo Server 5 on Express 5, by hand. `node bare-apollo.ts FILE PORT`. */
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { Caller, type Context, createResolvers } from './service.ts';
import { typeDefs } from './schema.ts';

const [file = '', port = ''] = process.argv.slice(2);
const server = new ApolloServer<Context>({
  typeDefs,
  resolvers: createResolvers(file),
  introspection: false,
  plugins: [ApolloServerPluginCacheControlDisabled()],
});
await server.start();

const app = express();
app.disable('x-powered-by').disable('etag');
app.use(
  '/graphql',
  express.json({ limit: '100kb' }),
  expressMiddleware(server, {
    context: async ({ req }) => ({ caller: new Caller(req.headers.authorization, req.socket.remoteAddress ?? '') }),
  }),
);
app.listen(Number(port), '127.0.0.1');

// A normal end, after which Node keeps what it has compiled.
process.once('SIGTERM', () => process.exit());
