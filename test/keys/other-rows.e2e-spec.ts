import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { DirectSql } from '../../src/database/direct-sql.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { KeyRotation } from '../../src/keys/key-rotation.js';
import { KeyStore } from '../../src/keys/key-store.js';
import { KeysService } from '../../src/keys/keys.service.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const JWT_SECRET = randomBytes(32).toString('base64url');
const OTHER = 'j'.repeat(43);

let databaseUrl: string;
let server: TestServer;
let keys: KeysService;
let rotation: KeyRotation;
const start = (secret: string) =>
  TestServer.start({ databaseUrl, redis: false, env: { JWT_SECRET: secret, JOBS_ENABLED: 'false' } });

beforeEach(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  server = await start(JWT_SECRET);
  keys = server.app.get(KeysService);
  rotation = server.app.get(KeyRotation);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
  await dropDatabase(databaseUrl);
});

/** What somebody does who writes to the database. */
const write = (statement: string) =>
  server.em().transactional((em) => server.app.get(DirectSql).change(em, sql.raw(statement)));
const addRow = (activeFrom = 'active_from') =>
  write(`insert into signing_keys (kid, algorithm, generation, public_jwk, wrapped_private_key, created_at, active_from)
    select '${OTHER}', algorithm, generation + 1, public_jwk, 'x', created_at, ${activeFrom} from signing_keys`);
const moment = { sqlite: `x'00'`, postgres: `'infinity'` }[testEngine];
const events = async (type: 'key.rotated' | 'key.revoked') =>
  (await server.em().find(AuditEvent, { type })).map(({ details }) => details);

describe.each([
  ['that no secret opens', 'active_from'],
  ['that cannot be read', moment],
])('beside a row %s', (_, activeFrom) => {
  it('a key is revoked as ever: it verifies and signs nothing, and another one signs', async () => {
    const user = await signUp(server);
    const leaked = keys.signing().kid;
    await addRow(activeFrom);
    await rotation.revoke(leaked);
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    const next = await refreshed(server, user.refreshToken);
    expect(await whoAmI(server, next.accessToken)).toBe(user.id);
    expect(keys.jwks().keys).toMatchObject([{ kid: keys.signing().kid }]);
    expect(await events('key.rotated')).toEqual([{ kid: keys.signing().kid }]);
  });

  it('keys are made and listed, and the job rotates them', async () => {
    const ours = keys.signing().kid;
    await addRow(activeFrom);
    const next = await rotation.rotate();
    const phases = (await rotation.list()).map(({ kid, phase }) => [kid, phase]);
    expect(phases).toEqual(expect.arrayContaining([[ours, 'active'], [next.kid, 'published']])); // prettier-ignore
    server.clock.advance(7 * 60);
    await server.app.get(JobRunner).runDue();
    await keys.reload();
    expect(keys.signing().kid).toBe(next.kid);
  });
});

it('a row that names another algorithm than its key has is as one that no secret opens, and is reported once', async () => {
  const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  const user = await signUp(server);
  const { kid } = keys.signing();
  await write(`update signing_keys set algorithm = 'RS256'`);
  await keys.reload();
  await server.stop();
  server = await start(JWT_SECRET);
  [keys, rotation] = [server.app.get(KeysService), server.app.get(KeyRotation)];
  await keys.reload();
  expect(keys.jwks().keys).toMatchObject([{ kid: keys.signing().kid, kty: 'EC', alg: 'ES256' }]);
  expect(keys.signing().kid).not.toBe(kid);
  expect(await rotation.list()).toContainEqual(expect.objectContaining({ kid, phase: 'unopened' }));
  expect(await whoAmI(server, (await refreshed(server, user.refreshToken)).accessToken)).toBe(user.id);
  const reports = errors.mock.calls.map(([message]) => String(message)).filter((message) => message.includes(kid));
  // By each of the two servers.
  expect(reports).toEqual(Array(2).fill(`The row of signing key ${kid} is not of an RS256 key: no server has written it. It is ignored.`)); // prettier-ignore
});

it('a row that no secret opens succeeds no key', async () => {
  const user = await signUp(server);
  server.clock.advance(60);
  const now = server.clock.now();
  await addRow(testEngine === 'sqlite' ? String(now.getTime()) : `'${now.toISOString()}'`);
  server.clock.advance(1000);
  await server.app.get(JobRunner).runDue();
  await keys.reload();
  expect(await server.em().count(SigningKey, { retiredAt: { $ne: null } })).toBe(0);
  expect((await refreshed(server, user.refreshToken)).id).toBe(user.id);
  const reports = (await rotation.list()).map(({ kid, phase }) => [kid, phase]);
  expect(reports).toContainEqual([keys.signing().kid, 'active']);
  expect(reports).toContainEqual([OTHER, 'unopened']);
});

it.each([
  ['gone', 'delete from signing_keys'],
  ['of another name', `update signing_keys set kid = '${OTHER}'`],
])('a key whose row is %s verifies and signs nothing, and the server makes another', async (_, statement) => {
  const user = await signUp(server);
  const former = keys.signing().kid;
  await write(statement);
  await keys.reload();
  expect(keys.signing().kid).not.toBe(former);
  expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
  expect((await refreshed(server, user.refreshToken)).id).toBe(user.id);
  expect(await events('key.rotated')).toEqual([{ kid: keys.signing().kid }]);
});

it('a server with another secret harms no key and no token of the others', async () => {
  const user = await signUp(server);
  const ours = keys.signing().kid;
  const other = await start(randomBytes(32).toString('base64url'));
  const theirs = other.app.get(KeysService).signing().kid;
  expect(theirs).not.toBe(ours);
  expect(await events('key.rotated')).toEqual([{ kid: theirs }]);
  await other.stop();
  for (let round = 0; round < 3; round++) {
    server.clock.advance(60);
    await server.app.get(JobRunner).runDue();
  }
  await keys.reload();
  expect(keys.signing().kid).toBe(ours);
  await server.stop();
  server = await start(JWT_SECRET);
  expect(server.app.get(KeysService).signing().kid).toBe(ours);
  expect(await whoAmI(server, user.accessToken)).toBe(user.id);
});

it('keys that are asked for at the same time are all made', async () => {
  const made = await Promise.all(Array.from({ length: 6 }, () => rotation.rotate()));
  expect(new Set(made.map(({ kid }) => kid)).size).toBe(6);
});

it('a key that was revoked does not come back by a read that began before and ends after', async () => {
  const user = await signUp(server);
  const store = server.app.get(KeyStore);
  const slow = { begin: () => {}, end: () => {} };
  const hasBegun = new Promise<void>((resolve) => (slow.begin = resolve));
  const mayEnd = new Promise<void>((resolve) => (slow.end = resolve));
  const read = store.usable.bind(store);
  jest.spyOn(store, 'usable').mockImplementationOnce(async () => {
    const keysOfBefore = await read();
    slow.begin();
    await mayEnd;
    return keysOfBefore;
  });
  const former = keys.signing().kid;
  const slowReload = keys.reload();
  await hasBegun;
  await rotation.revoke(former);
  slow.end();
  await slowReload;
  expect(keys.signing().kid).not.toBe(former);
  expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
});

it('warns once while the keys cannot be read, and uses those that it knows', async () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const warnings = () => warn.mock.calls.filter(([, text]) => String(text).startsWith('The signing keys cannot'));
  const usable = jest.spyOn(server.app.get(KeyStore), 'usable').mockRejectedValue(new Error('away'));
  await eventually('it was tried again', () => Promise.resolve(usable.mock.calls.length > 2));
  expect(warnings()).toHaveLength(1);
  expect((await signUp(server)).accessToken).toEqual(expect.any(String));
  usable.mockRestore();
  await keys.reload();
});
