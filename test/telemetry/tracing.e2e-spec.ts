import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { ServerProcess } from '../support/server-process.js';
import { migrate } from '../support/test-server.js';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
}

interface Export {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  const bodies: string[] = [];
  let collector: Server;
  let databaseUrl: string;
  let server: ServerProcess;
  beforeAll(async () => {
    collector = createServer((request, response) => {
      void text(request).then((body) => {
        bodies.push(body);
        response.end('{}');
      });
    });
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    databaseUrl = await temporaryDatabaseUrl();
    await migrate({ DATABASE_URL: databaseUrl });
    const { port } = collector.address() as AddressInfo;
    const JWT_SECRET = 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E';
    const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
    server = await ServerProcess.start({ env: { DATABASE_URL: databaseUrl, JWT_SECRET, OTEL_EXPORTER_OTLP_ENDPOINT } });
  });
  afterAll(async () => {
    await server.remove();
    collector.close();
    await dropDatabase(databaseUrl);
  });

  it('a request is a span with what it did below it, in the trace of its caller, and no value of anybody in it', async () => {
    const email = newEmail();
    const user = await signUp(server, email);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const document = `mutation Canary { login(input: { email: "${email}", password: "${PASSWORD}" }) { __typename } }`;
    await server.call(document, {}, { headers: { traceparent } });
    await server.call('{ me { email } }', {}, { token: user.accessToken });
    expect(await server.kill('SIGTERM')).toBe(0);

    const spans = bodies
      .flatMap((body) => (JSON.parse(body) as Export).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const login = spans.filter((span) => span.traceId === traceId);
    const names = new Set(login.map(({ name }) => name));
    const database = testEngine === 'postgres' ? ['PostgreSQL'] : [];
    expect(names).toEqual(new Set(['HTTP POST', 'GraphQL mutation', 'bcrypt', ...database]));
    const root = login.find(({ name }) => name === 'HTTP POST');
    expect(root?.parentSpanId).toBe('00f067aa0ba902b7');
    for (const span of login) if (span !== root) expect(span.parentSpanId).not.toBeUndefined();

    const sent = bodies.join();
    for (const value of [
      email,
      PASSWORD,
      user.accessToken,
      user.refreshToken,
      user.id,
      user.sessionId,
      'Canary',
      'select',
    ]) {
      expect(sent).not.toContain(value);
    }
  });
});
