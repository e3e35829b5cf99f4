import { MikroORM } from '@mikro-orm/core';
import { parseSetCookie } from 'cookie';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { newEmail, PASSWORD, refresh, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';

const JWT_SECRET = 'q8s0dk3mQx7Zr2VfT9hLw5NcYb1JgPe4uAoXiKz6';
const AGENT = 'Mozilla/5.0 [31mred[0m "quoted" \t end';

let databaseUrl: string;
let server: ServerProcess;
/** Everything that must appear nowhere. */
const secrets = new Map<string, string>([
  ['the secret', JWT_SECRET],
  ['a password', PASSWORD],
  ['a wrong password', 'canary-wrong-password'],
  ['a forged token', 'canary-forged-token'],
]);

beforeAll(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  const env = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'http://localhost',
    BCRYPT_COST: '10',
    DATABASE_URL: databaseUrl,
    JWT_SECRET,
    LOG_LEVEL: 'trace',
  };
  if (testEngine === 'postgres') await runProgram(program.operator, ['db', 'migrate'], { env, cwd: '/' });
  server = await ServerProcess.start({ env });
  await useEverything();
  // What the log has not written by now it writes before it ends.
  await server.kill('SIGTERM');
});
afterAll(async () => {
  await server.remove();
  await dropDatabase(databaseUrl);
});

async function useEverything(): Promise<void> {
  const user = await signUp(server);
  secrets.set('an access token', user.accessToken).set('a refresh token', user.refreshToken);
  const headers = { 'user-agent': AGENT, 'x-request-id': 'forged\\nline' };
  const login = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
  const cookies = { email: user.email, password: PASSWORD, transport: 'COOKIE' };
  const signedIn = await server.call(login, { input: cookies }, { headers });
  for (const line of signedIn.headers.getSetCookie()) {
    const { name, value } = parseSetCookie(line);
    if (value) secrets.set(name, value);
  }
  await server.call(login, { input: { email: user.email, password: 'canary-wrong-password' } }, { headers });
  await server.call(login, { input: { email: newEmail(), password: 'canary-wrong-password' } }, { headers });
  await server.call('{ me { id lastLoginAt } }', {}, { token: user.accessToken, headers });
  await server.call('{ me { id } }', {}, { token: 'canary-forged-token', headers });
  await refresh(server, user.refreshToken, { headers });
  await refresh(server, 'canary-forged-token', { headers });
  const query = encodeURIComponent('{ a(b: "canary-forged-token") }');
  await fetch(`${server.url}/graphql?query=${query}&token=canary-forged-token`, { headers });
  await server.call('mutation { logout(input: { everywhere: true }) }', {}, { token: user.accessToken, headers });
}

async function storedEvents(): Promise<AuditEvent[]> {
  const orm = await MikroORM.init(ormOptions({ DATABASE_URL: databaseUrl }, entities));
  const events = await orm.em.fork().find(AuditEvent, {}, { orderBy: { id: 'asc' } });
  await orm.close();
  return events;
}

const lines = () => server.output.split('\n').filter((line) => line !== '');

describe('the log', () => {
  it('is one JSON object a line, with its time in UTC and without a control character', () => {
    for (const line of lines()) {
      expect(JSON.parse(line)).toMatchObject({ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  });

  it('has each event of the trail, with all that its row says', async () => {
    const events = await storedEvents();
    const logged = lines()
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['context'] === 'Audit');
    expect(events.length).toBeGreaterThanOrEqual(8);
    expect(logged.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ id }) => id).sort());
    const proofs = ['at', 'mac', 'originSalt', 'originDigest'];
    for (const { id, type, ...row } of events) {
      const facts = Object.fromEntries(
        Object.entries(row).filter(([name, value]) => !proofs.includes(name) && value !== null),
      );
      expect(logged.find(({ eventId }) => eventId === id)).toMatchObject({ event: type, msg: type, ...facts });
      for (const name of proofs) expect(logged.find(({ eventId }) => eventId === id)).not.toHaveProperty(name);
    }
  });
});

it('no secret is in the log or in the trail: password, token, cookie, hash, Authorization header', async () => {
  const everything = server.output + JSON.stringify(await storedEvents());
  expect(secrets.size).toBe(9);
  for (const [name, secret] of secrets) expect([name, everything.includes(secret)]).toEqual([name, false]);
  expect(everything).not.toMatch(/\$2b\$|lkr_|lkd_|eyJ|Bearer/);
});

it('what a client calls itself arrives without control characters', async () => {
  const agents = (await storedEvents()).map(({ userAgent }) => userAgent);
  expect(agents).toContain('Mozilla/5.0 [31mred[0m "quoted"  end');
  for (const agent of agents) expect(agent).not.toMatch(/\p{C}/u);
});
