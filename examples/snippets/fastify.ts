import fastify from 'fastify';
import { type Caller, callerOf } from './verify.js';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export const app = fastify();
app.decorateRequest('caller', null);

app.addHook('onRequest', async (request, reply) => {
  request.caller = await callerOf(request.headers.authorization);
  if (!request.caller) return reply.code(401).header('WWW-Authenticate', 'Bearer').send({ code: 'UNAUTHENTICATED' });
});

app.get('/hello', async (request) => request.caller);
app.get('/reports', async (request, reply) => {
  if (!request.caller?.roles.includes('admin')) return reply.code(403).send({ code: 'FORBIDDEN' });
  return ['All is well.'];
});
