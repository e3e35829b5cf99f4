/** Mercurius on Fastify, by hand, with compiled queries. `node mercurius.ts FILE PORT`. */
import fastify, { type FastifyRequest } from 'fastify';
import mercurius from 'mercurius';
import { Caller, type Context, createResolvers } from './service.ts';
import { typeDefs } from './schema.ts';

declare module 'mercurius' {
  interface MercuriusContext extends Context {}
}

const [file = '', port = ''] = process.argv.slice(2);
const app = fastify();
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: createResolvers(file),
  jit: 1,
  context: ({ headers: { authorization }, ip: ipAddress }: FastifyRequest) => ({
    caller: new Caller(authorization, ipAddress),
  }),
});
await app.listen({ port: Number(port), host: '127.0.0.1' });

// A normal end, after which Node keeps what it has compiled.
process.once('SIGTERM', () => process.exit());
