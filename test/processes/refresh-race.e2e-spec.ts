import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { postgresMigrations } from '../../src/database/migrations/postgres/index.js';
import { logIn, refresh, refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';

const CALLERS = 200;
const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
/** What an overloaded server may say instead of an answer. Neither makes a client sign out. */
const RETRYABLE = ['SERVICE_UNAVAILABLE', 'TOO_MANY_REQUESTS'];

describe('two server processes on one PostgreSQL', () => {
  let databaseUrl: string;
  let servers: [ServerProcess, ServerProcess];
  beforeAll(async () => {
    databaseUrl = await temporaryDatabaseUrl();
    const env = {
      DATABASE_URL: databaseUrl,
      JWT_SECRET: randomBytes(32).toString('base64url'),
      // One issuer, whichever process answers.
      PUBLIC_URL: 'https://auth.example.com',
    };
    const migration = await runProgram(program.operator, ['db', 'migrate'], { env, cwd: tmpdir() });
    expect(migration).toEqual({
      exitCode: 0,
      stdout: `Applied ${String(postgresMigrations.length)} migration(s).\n`,
      stderr: '',
    });
    servers = [await ServerProcess.start({ env }), await ServerProcess.start({ env })];
  });
  afterAll(async () => {
    for (const server of servers) await server.remove();
    await dropDatabase(databaseUrl);
  });

  const killAndRestart = async () => {
    await Promise.all(servers.map((server) => server.kill('SIGKILL')));
    await Promise.all(servers.map((server) => server.start()));
  };

  // @see supabase/auth PR#466
  it(`give ${CALLERS} parallel refreshes of one token one successor, and the session lives on`, async () => {
    const [first, second] = servers;
    const user = await signUp(first);
    const attempts = Array.from({ length: CALLERS }, (_, index) =>
      refresh(servers[index % 2] ?? first, user.refreshToken),
    );
    const answers = await Promise.all(attempts);
    const refused = answers.flatMap((answer) => refusalOf(answer) ?? []);
    expect(refused.filter((code) => !RETRYABLE.includes(code))).toEqual([]);
    const payloads = answers.flatMap(({ data }) => data?.refresh ?? []);
    expect(payloads.length).toBeGreaterThan(0);
    const successors = [...new Set(payloads.map(({ refreshToken }) => refreshToken))];
    expect(successors).toHaveLength(1);
    for (const [index, { accessToken }] of payloads.slice(0, 10).entries())
      expect(await whoAmI(servers[index % 2] ?? first, accessToken)).toBe(user.id);
    expect((await refreshed(second, successors[0] ?? '')).sessionId).toBe(user.sessionId);
  });

  it('end a session whose grandparent token comes back, it alone, and through kill -9 and a restart', async () => {
    const [first, second] = servers;
    const user = await signUp(first);
    const otherDevice = await logIn(second, user.email);
    const parent = await refreshed(second, user.refreshToken);
    const current = await refreshed(first, parent.refreshToken);
    expect(refusalOf(await refresh(second, user.refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_REUSED');

    const expectOneSessionDead = async () => {
      for (const server of servers) {
        expect(await whoAmI(server, current.accessToken)).toBe(REVOKED);
        expect(refusalOf(await refresh(server, current.refreshToken))).toBe('UNAUTHENTICATED/SESSION_REVOKED');
        expect(await whoAmI(server, otherDevice.accessToken)).toBe(user.id);
      }
    };
    await killAndRestart();
    await expectOneSessionDead();
    expect((await refreshed(first, otherDevice.refreshToken)).sessionId).toBe(otherDevice.sessionId);
  });

  it('forget neither a logout nor a rotation that was answered before kill -9', async () => {
    const [first, second] = servers;
    const user = await signUp(first);
    const loggedOut = await logIn(first, user.email);
    const { refreshToken } = await refreshed(first, user.refreshToken);
    await first.call('mutation { logout }', {}, { token: loggedOut.accessToken });
    await killAndRestart();
    expect(await whoAmI(second, loggedOut.accessToken)).toBe(REVOKED);
    const successor = await refreshed(second, refreshToken);
    expect((await refreshed(first, refreshToken)).refreshToken).toBe(successor.refreshToken);
  });
});
