import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { logIn, refresh, refreshed, signUp, withAccounts } from '../support/accounts.js';
import { documentedTable } from '../support/documented-table.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { figureIn } from '../support/metrics.js';
import { TestServer } from '../support/test-server.js';

const TOKEN = 'a-token-for-whoever-scrapes';

let server: TestServer;
let port: number;
beforeAll(async () => {
  port = await freePort();
  const env = {
    METRICS_ENABLED: 'true',
    METRICS_PORT: String(port),
    METRICS_TOKEN: TOKEN,
    RATE_LIMITS_ENABLED: 'true',
  };
  server = await TestServer.start({ env });
});
afterAll(() => server.stop());

/** Not `fetch`: it has no way to send a path that is not one. */
async function scrape(path = '/metrics', authorization = `Bearer ${TOKEN}`, method = 'GET') {
  const headers = { authorization };
  const sent = request({ port, host: '127.0.0.1', path, method, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, type: response.headers['content-type'], body: await text(response) };
}

describe('the metrics', () => {
  it('are on a port of their own, and not among the paths of the API', async () => {
    expect(await scrape()).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    for (const path of ['/', '/metrics/', '/metrics?x=1', '/graphql']) expect((await scrape(path)).status).toBe(404);
    expect((await scrape('/metrics', `Bearer ${TOKEN}`, 'POST')).status).toBe(404);
  });

  it('need the token where there is one', async () => {
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', TOKEN, `Basic ${TOKEN}`]) {
      expect(await scrape('/metrics', authorization)).toMatchObject({ status: 401, body: '' });
    }
  });

  it('have a hundred connections, and what does not arrive on one of them is not waited for', async () => {
    const open: Socket[] = [];
    for (let count = 0; count < 100; count++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      open.push(socket);
    }
    const oneMore = connect(port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => oneMore.once('close', resolve));
    for (const socket of open) socket.resetAndDestroy();
    await eventually('they serve again', async () => (await scrape().catch(() => undefined))?.status === 200);
    const slow = connect(port, '127.0.0.1').on('error', () => undefined);
    slow.resume().write('GET /metrics HTTP/1.1\r\nX-Header: ');
    await new Promise((resolve) => slow.once('close', resolve));
  });

  it('are given once on a connection, and nothing is made of what comes behind', async () => {
    let made = 0;
    const count = () => (made += 1);
    subscribe('http.server.request.start', count);
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_500));
    const answer = await text(socket);
    unsubscribe('http.server.request.start', count);
    expect([made, answer.split('HTTP/1.1 ').length - 1]).toEqual([1, 1]);
  });

  it('count operations by field, result and code; refreshes by outcome; sessions by reason', async () => {
    const before = (await scrape()).body;
    const user = await signUp(server);
    const next = await refreshed(server, user.refreshToken);
    await refreshed(server, user.refreshToken);
    await refreshed(server, next.refreshToken);
    await refresh(server, user.refreshToken);
    await logIn(server, user.email, 'not the password').catch(() => undefined);
    await server.call('{ a: me { id } ...F } fragment F on Query { b: me { id } serverInfo { version } }');
    await server.call('{ nonsense }');
    await withAccounts(server, (accounts) => accounts.disable(user.email, null));
    const after = (await scrape()).body;
    const grown = (name: string, labels: string) => figureIn(after, name, labels) - figureIn(before, name, labels);

    const operations: [labels: string, count: number][] = [
      ['{operation="signup",code="OK",result="ok"}', 1],
      ['{operation="refresh",code="OK",result="ok"}', 3],
      ['{operation="refresh",code="UNAUTHENTICATED",result="refused"}', 1],
      ['{operation="login",code="INVALID_CREDENTIALS",result="refused"}', 1],
      ['{operation="me",code="UNAUTHENTICATED",result="refused"}', 1],
      ['{operation="none",code="GRAPHQL_VALIDATION_FAILED",result="refused"}', 1],
    ];
    for (const [labels, count] of operations)
      expect([labels, grown('operations_total', labels)]).toEqual([labels, count]);
    for (const [outcome, count] of [
      ['rotated', 2],
      ['same-successor', 1],
      ['reused', 1],
    ] as const) {
      expect([outcome, grown('refreshes_total', `{outcome="${outcome}"}`)]).toEqual([outcome, count]);
    }
    expect(grown('sessions_started_total', '')).toBe(1);
    expect(grown('sessions_revoked_total', '{reason="refresh_reused"}')).toBe(1);
  });

  it('tell how the process is, and hold no value of a client', async () => {
    const user = await signUp(server);
    await server.call('query Canary { me { id } }', {}, { token: user.accessToken });
    const { body } = await scrape();
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \S+$/m);
    expect(body).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(body).toMatch(/^latchkey_password_hashes_waiting 0$/m);
    for (const value of [user.email, user.id, user.sessionId, 'Canary', '127.0.0.1']) expect(body).not.toContain(value);
  });

  it('are all documented', async () => {
    const { body } = await scrape();
    const served = [...body.matchAll(/^# HELP (latchkey_\w+) /gm)].map(([, name]) => name);
    const documented = [...documentedTable('Figures', 'operations/metrics.md').keys()];
    expect(documented.filter((name) => name !== 'latchkey_redis_up').sort()).toEqual(
      served.filter((name) => name !== 'latchkey_redis_up').sort(),
    );
  });
});
