import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { IN_SMALL_PARTS } from '../support/in-small-parts.js';
import { figureIn } from '../support/metrics.js';
import { ServerProcess, type ServerProcessOptions } from '../support/server-process.js';
import { migrate } from '../support/test-server.js';
import { probe } from './probe.js';

/** So many as one document can ask for with fifty fields of each. */
const SESSIONS = 190;

describe('a server that is told to stop', () => {
  let databaseUrl: string;
  let server: ServerProcess;
  beforeEach(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    await migrate({ DATABASE_URL: databaseUrl });
  });
  afterEach(async () => {
    await server.remove();
    await dropDatabase(databaseUrl);
  });
  const start = async (env: Record<string, string>, options: Pick<ServerProcessOptions, 'byNpm'> = {}) => {
    const secret = { JWT_SECRET: 'Vn4kQ0rXw8Tz2Lp6Yc1Hd7Jb5Gm9Sa3E' };
    server = await ServerProcess.start({ env: { DATABASE_URL: databaseUrl, ...secret, ...env }, ...options });
  };
  const inFlight = (least: number) =>
    eventually('all of them', async () => {
      const figures = await server.metrics();
      const [running, waiting] = ['running', 'waiting'].map((state) => figureIn(figures, `password_hashes_${state}`));
      return (running ?? 0) + (waiting ?? 0) >= least;
    });

  /** A connection on which a request has begun to arrive. */
  const begun = async (bytes: string): Promise<Socket> => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(bytes);
    await probe(server.url, 'live');
    return socket;
  };

  /** Asks for more than the operating system takes over for a client: many sessions, fifty times with their long names of devices. */
  const longAnswer = async (): Promise<{ body: string; token: string }> => {
    const { email } = await signUp(server);
    const input = { email, password: PASSWORD };
    const headers = { 'user-agent': 'x'.repeat(500) };
    const login = 'mutation ($input: LoginInput!) { login(input: $input) { ... on AuthPayload { accessToken } } }';
    let token = '';
    for (let count = 0; count < SESSIONS; count++) {
      const { data } = await server.call<{ login: { accessToken: string } }>(login, { input }, { headers });
      token = data?.login.accessToken ?? '';
    }
    const fields = Array.from({ length: 50 }, (_, index) => `${'x'.repeat(98)}${String(index)}: userAgent`);
    return { body: JSON.stringify({ query: `{ mySessions { ${fields.join(' ')} } }` }), token };
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s answers what is in flight, then exits with 0', async (signal) => {
    await start({ BCRYPT_COST: '13' });
    const email = newEmail();
    const answers = Promise.all([1, 2, 3, 4, 5].map(() => signUp(server, newEmail(), PASSWORD)));
    await inFlight(5);
    const exitCode = await server.kill(signal);
    for (const user of await answers) expect(user.accessToken).toMatch(/^ey/);
    expect(exitCode).toBe(0);
    // What was answered is there.
    await server.start();
    expect((await signUp(server, email)).email).toBe(email);
  });

  it('sends what it answers to its end, also to a client that reads it slowly', async () => {
    await start({ MAX_SESSIONS_PER_USER: String(SESSIONS) });
    const { body, token } = await longAnswer();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const lines = ['Host: x', 'Content-Type: application/json', `Authorization: Bearer ${token}`];
    socket.write(['POST /graphql HTTP/1.1', ...lines, `Content-Length: ${String(body.length)}`, '', body].join('\r\n'));
    await once(socket, 'readable');
    const exited = server.kill('SIGTERM');
    let text = '';
    // Half of a megabyte in a second: it takes longer than an idle connection is left open.
    for await (const part of socket.setEncoding('latin1')) {
      text += String(part);
      await delay(Math.min(20, String(part).length / 500));
    }
    const [head = '', answer = ''] = text.split('\r\n\r\n');
    expect(answer.length).toBe(Number(/^Content-Length: (\d+)$/im.exec(head)?.[1]));
    expect(answer.length).toBeGreaterThan(5_000_000);
    expect(await exited).toBe(0);
  });

  it('answers what has come, also while connections wait to be read', async () => {
    await start({});
    const port = Number(new URL(server.url).port);
    const from = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const flood = await Promise.all(Array.from({ length: 40 }, (_, index) => from(`127.0.1.${String(index % 4)}`)));
    const others = await Promise.all(Array.from({ length: 40 }, (_, index) => from(`127.0.2.${String(index)}`)));
    const live = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
    const statusOf = async (socket: Socket): Promise<string> => {
      socket.write(live);
      const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      return String(answer).slice(9, 12);
    };
    // All are accepted.
    await Promise.all(others.map(statusOf));
    for (const socket of flood) socket.write(`${IN_SMALL_PARTS}0\r\n\r\n`);
    await eventually('some are read', async () =>
      flood.some(({ bytesWritten, writableLength }) => bytesWritten > writableLength),
    );
    const answers = Promise.all(others.map(statusOf));
    const exited = server.kill('SIGTERM');
    expect(await answers).toEqual(others.map(() => '200'));
    for (const socket of flood) socket.destroy();
    expect(await exited).toBe(0);
  });

  it('by Ctrl-C, which reaches it from the terminal and from all who started it, does the same', async () => {
    // In production no `.env` is made in the project.
    await start({ NODE_ENV: 'production', BCRYPT_COST: '13' }, { byNpm: true });
    const answers = Promise.all([1, 2, 3].map(() => signUp(server, newEmail(), PASSWORD)));
    await inFlight(3);
    await server.kill('SIGINT');
    for (const user of await answers) expect(user.accessToken).toMatch(/^ey/);
    expect(server.output).not.toMatch(/cut off|failed/i);
  });

  it('is cut off by a second signal of a person who does not want to wait', async () => {
    await start({ SHUTDOWN_DELAY: '1m' });
    let isGone = false;
    const exited = server.kill('SIGTERM').finally(() => (isGone = true));
    await eventually('draining', async () => (await probe(server.url, 'ready')).status === 503);
    await eventually('the end', async () => {
      server.send('SIGINT');
      return isGone;
    });
    // By the signal itself.
    expect(await exited).toBeNull();
  });

  it('says so to load balancers first, and goes on to answer for SHUTDOWN_DELAY', async () => {
    await start({ SHUTDOWN_DELAY: '1s' });
    expect((await probe(server.url, 'ready')).status).toBe(200);
    const exited = server.kill('SIGTERM');
    await eventually('draining', async () => (await probe(server.url, 'ready')).status === 503);
    expect(await probe(server.url, 'ready')).toEqual({
      status: 503,
      body: expect.objectContaining({ status: 'draining', database: 'up' }),
      connection: 'close',
    });
    expect((await signUp(server)).accessToken).toMatch(/^ey/);
    expect(await exited).toBe(0);
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });

  it('cuts off what does not end within SHUTDOWN_TIMEOUT', async () => {
    await start({ SHUTDOWN_TIMEOUT: '1s' });
    const socket = await begun(
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    expect(await server.kill('SIGTERM')).toBe(1);
    socket.destroy();
  });

  it('waits for no request that does not arrive, also of a client that sends a byte now and then', async () => {
    await start({ SHUTDOWN_TIMEOUT: '1m' });
    const sockets = [
      await begun('GET /graphql HTTP/1.1\r\nHost: x\r\nX-Header: '),
      await begun(
        'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{',
      ),
    ];
    const sending = setInterval(() => {
      for (const socket of sockets) socket.write('x');
    }, 500);
    expect(await server.kill('SIGTERM')).toBe(0);
    clearInterval(sending);
    expect(server.output).not.toMatch(/cut off|failed/i);
    for (const socket of sockets) socket.destroy();
  });
});
