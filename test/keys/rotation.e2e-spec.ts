import { decodeProtectedHeader } from 'jose';
import { randomBytes } from 'node:crypto';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { KeyRotation } from '../../src/keys/key-rotation.js';
import { KeyUsage } from '../../src/keys/key-usage.js';
import { KeysService } from '../../src/keys/keys.service.js';
import { unwrapPrivateKey } from '../../src/keys/key-wrapping.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { refreshed, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl } from '../support/database.js';
import { whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;
/** JWKS_MAX_AGE and the margin: how long a key is published before it signs. */
const LEAD = 360;
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

let server: TestServer;
let keys: KeysService;
let rotation: KeyRotation;
// Jobs run when the test says so: time stands still otherwise.
beforeEach(async () => {
  server = await TestServer.start({ env: { JOBS_ENABLED: 'false' } });
  keys = server.app.get(KeysService);
  rotation = server.app.get(KeyRotation);
});
afterEach(() => server.stop());

/** The job believes a clock that moved far once it has gone on for a minute. */
async function later(seconds: number): Promise<void> {
  server.clock.advance(seconds - 60);
  await server.app.get(JobRunner).runDue();
  server.clock.advance(60);
  await server.app.get(JobRunner).runDue();
  await keys.reload();
}

async function published(): Promise<string[]> {
  const response = await fetch(`${server.url}/.well-known/jwks.json`);
  const { keys: set } = (await response.json()) as { keys: { kid: string }[] };
  return set.map(({ kid }) => kid);
}

const phases = async () => Object.fromEntries((await rotation.list()).map(({ kid, phase }) => [kid, phase]));

describe('the schedule', () => {
  it('publishes a key before it signs, and keeps the former one until its last token has expired', async () => {
    const first = keys.signing().kid;
    await later(90 * DAY - LEAD - 120);
    expect(await published()).toEqual([first]);

    await later(120);
    const second = (await published()).find((kid) => kid !== first) ?? '';
    expect(await phases()).toEqual({ [first]: 'active', [second]: 'published' });
    const user = await signUp(server);
    expect(kidOf(user.accessToken)).toBe(first);

    await later(LEAD);
    expect(await phases()).toEqual({ [first]: 'retiring', [second]: 'active' });
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    const next = await refreshed(server, user.refreshToken);
    expect(kidOf(next.accessToken)).toBe(second);

    await later(906);
    expect(await phases()).toEqual({ [first]: 'retired', [second]: 'active' });
    expect(await published()).toEqual([second]);
    expect(await whoAmI(server, user.accessToken)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
  });

  it('leaves two keys at most, and forgets retired ones in the end', async () => {
    for (let round = 0; round < 6; round++) {
      await later(90 * DAY);
      await later(LEAD + 906);
      expect((await published()).length).toBeLessThanOrEqual(2);
    }
    expect((await rotation.list()).length).toBeLessThanOrEqual(3);
  });

  it.each([
    ['ahead by ten years and back', 3650 * DAY],
    ['ahead by hours and back', 7 * 3600],
    ['back by ten years and on', -3650 * DAY],
  ])('survives a clock that goes %s', async (_, leap) => {
    await later(leap);
    await later(LEAD);
    await later(-leap - LEAD);
    const user = await signUp(server);
    await later(0);
    expect(await whoAmI(server, user.accessToken)).toBe(user.id);
    expect((await refreshed(server, user.refreshToken)).id).toBe(user.id);
    // And goes on to rotate.
    const before = keys.signing().kid;
    await later(90 * DAY);
    await later(LEAD);
    expect(keys.signing().kid).not.toBe(before);
  });
});

describe('an operator', () => {
  it('rotates at once with --now, and every token of before goes on', async () => {
    const user = await signUp(server);
    await rotation.rotate(true);
    await later(3);
    const next = await refreshed(server, user.refreshToken);
    expect(kidOf(next.accessToken)).not.toBe(kidOf(user.accessToken));
    for (const { accessToken } of [user, next]) expect(await whoAmI(server, accessToken)).toBe(user.id);
  });

  it('revokes a key: its tokens are refused, their owners refresh, and another key signs', async () => {
    const user = await signUp(server);
    const leaked = kidOf(user.accessToken) ?? '';
    await rotation.revoke(leaked);
    const answer = await server.call('{ me { id } }', {}, { token: user.accessToken });
    expect(answer.errors[0]?.extensions).toMatchObject({ reason: 'TOKEN_INVALID', action: 'REFRESH' });
    expect(await published()).not.toContain(leaked);
    const next = await refreshed(server, user.refreshToken);
    expect(kidOf(next.accessToken)).not.toBe(leaked);
    expect(await whoAmI(server, next.accessToken)).toBe(user.id);
    await expect(rotation.revoke(leaked)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('sees how many tokens each key has verified, and when the last one was', async () => {
    const user = await signUp(server);
    for (let count = 0; count < 3; count++) await whoAmI(server, user.accessToken);
    await server.app.get(KeyUsage).store();
    const [report] = await rotation.list();
    expect(report).toMatchObject({ kid: kidOf(user.accessToken), verifications: 3, lastSeenAt: expect.any(Date) });
  });

  it('sees no use of a key in tokens that it has not signed', async () => {
    const user = await signUp(server);
    const used = async () => {
      await server.app.get(KeyUsage).store();
      return (await rotation.list()).map(({ verifications, lastSeenAt }) => [verifications, lastSeenAt]);
    };
    const before = await used();
    const [header, payload] = user.accessToken.split('.');
    const forged = [header, payload, randomBytes(64).toString('base64url')].join('.');
    expect(await whoAmI(server, forged)).toBe('UNAUTHENTICATED/TOKEN_INVALID');
    await server.call('mutation { logout }', {}, { token: forged });
    expect(await used()).toEqual(before);
    // A genuine one counts where it ends its session, too.
    await server.call('mutation { logout }', {}, { token: user.accessToken });
    expect(await used()).not.toEqual(before);
  });
});

it('a former secret is no longer needed once its keys are wrapped under the current one', async () => {
  const databaseUrl = await temporaryDatabaseUrl();
  const [old, current] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  const run = (JWT_SECRET: string, JWT_PREVIOUS_SECRETS = '') =>
    TestServer.start({ databaseUrl, env: { JWT_SECRET, JWT_PREVIOUS_SECRETS, JOBS_ENABLED: 'false' } });
  const before = await run(old);
  const user = await signUp(before);
  await before.stop();

  const between = await run(current, old);
  await between.app.get(JobRunner).runDue();
  const row = await between.em().findOneOrFail(SigningKey, { kid: kidOf(user.accessToken) ?? '' }, { populate: ['*'] });
  expect(unwrapPrivateKey(row.wrappedPrivateKey, row.kid, old)).toBeUndefined();
  expect(unwrapPrivateKey(row.wrappedPrivateKey, row.kid, current)).toMatchObject({ type: 'private' });
  await between.stop();

  const after = await run(current);
  expect(await whoAmI(after, user.accessToken)).toBe(user.id);
  await after.stop();
  await dropDatabase(databaseUrl);
});
