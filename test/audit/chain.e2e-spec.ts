import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { AuditVerification, type ChainReport } from '../../src/administration/audit-verification.service.js';
import { ChainWalk } from '../../src/administration/chain-walk.js';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditLedger } from '../../src/audit/audit-ledger.js';
import { newId } from '../../src/common/ids.js';
import { JobState } from '../../src/jobs/job.entity.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, PASSWORD, signUp, type TestUser } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;

let server: TestServer;
let user: TestUser;
beforeEach(async () => {
  server = await TestServer.start({ env: { AUDIT_RETENTION: '1d', JOBS_ENABLED: 'false' } });
  user = await signUp(server);
  for (let index = 0; index < 6; index++) await logIn(server, user.email);
  await seal();
});
afterEach(() => server.stop());

const seal = async () => {
  server.clock.advance(11);
  await server.app.get(JobRunner).runDue();
};
/** With the jobs at work meanwhile: after more than a day without them, a clock has to prove itself first. */
const passADay = async () => {
  server.clock.advance(DAY / 2);
  await server.app.get(JobRunner).runDue();
  server.clock.advance(DAY / 2);
};
const verify = (known?: ChainReport['head']) => server.app.get(AuditVerification).verify(known);
const faults = async () => (await verify()).faults;
const eventAt = (sequence: number) => server.em().findOneOrFail(AuditEvent, { sequence });

describe('the chain of the audit trail', () => {
  it('holds every event, in the order in which they were sealed', async () => {
    expect(await verify()).toEqual({
      events: 7,
      unsealed: 0,
      head: { sequence: 7, hash: expect.any(String) },
      faults: [],
      notices: [],
    });
    await logIn(server, user.email);
    expect(await verify()).toMatchObject({ events: 7, unsealed: 1, faults: [] });
    await seal();
    expect(await verify()).toMatchObject({ events: 8, unsealed: 0, head: { sequence: 8 }, faults: [] });
  });

  it.each([
    ['type', { type: 'user.logged_out' }],
    ['at', { at: new Date(0) }],
    ['actorId', { actorId: newId() }],
    ['subjectId', { subjectId: newId() }],
    ['sessionId', { sessionId: newId() }],
    ['requestId', { requestId: 'other' }],
    ['details', { details: { amr: ['otp'] } }],
    ['details to null', { details: null }],
    ['hash', { hash: 'x'.repeat(43) }],
  ] as const)('shows a changed %s', async (_, change) => {
    const { id } = await eventAt(4);
    await server.em().nativeUpdate(AuditEvent, { id }, { ...change });
    const found = await faults();
    expect(found[0]).toMatch(/^Event 4 \(.*\) was changed\.$/);
  });

  it.each([
    ['address', { ipAddress: '192.0.2.1' }],
    ['user agent', { userAgent: 'Another' }],
    ['address that was taken away', { ipAddress: null, userAgent: null }],
    ['origin that was made to look deleted', { ipAddress: null, userAgent: null, originSalt: null }],
  ])('shows another %s', async (_, change) => {
    const { id, type } = await eventAt(4);
    await server.em().nativeUpdate(AuditEvent, { id }, change);
    expect(await faults()).toEqual([`Event 4 (${type}, ${id}) has another address or user agent.`]);
  });

  it('shows events that are missing, in the middle, at the beginning and at the end', async () => {
    await server.em().nativeDelete(AuditEvent, { sequence: { $in: [1, 3, 4, 7] } });
    expect(await faults()).toEqual(['Event 1 is missing.', 'Events 3 to 4 are missing.', 'Event 7 is missing.']);
  });

  it('shows two that changed places, and one that was written by hand', async () => {
    const [third, fourth] = [await eventAt(3), await eventAt(4)];
    await server.em().nativeUpdate(AuditEvent, { id: third.id }, { sequence: null });
    await server.em().nativeUpdate(AuditEvent, { id: fourth.id }, { sequence: 3 });
    await server.em().nativeUpdate(AuditEvent, { id: third.id }, { sequence: 4 });
    expect((await faults()).length).toBeGreaterThan(1);
  });

  it('shows ends that were moved to hide what was cut off', async () => {
    const last = await eventAt(6);
    await server.em().nativeDelete(AuditEvent, { sequence: 7 });
    await server.em().nativeUpdate(AuditChain, { id: 1 }, { headSequence: 6, headHash: last.hash ?? '' });
    expect(await faults()).toEqual(['The ends of the chain were moved by hand.']);
    // Nothing is put under a new seal: it would vouch for the ends as they are now.
    await logIn(server, user.email);
    await seal();
    expect(await verify()).toMatchObject({
      events: 6,
      unsealed: 1,
      faults: ['The ends of the chain were moved by hand.'],
    });
  });

  it('shows a whole chain that was put back, to whoever has kept its head', async () => {
    const before = await server.em().findOneOrFail(AuditChain, 1);
    await logIn(server, user.email);
    await seal();
    const { head } = await verify();
    await server.em().nativeDelete(AuditEvent, { sequence: 8 });
    const { headSequence, headHash, seal: former } = before;
    await server.em().nativeUpdate(AuditChain, { id: 1 }, { headSequence, headHash, seal: former });
    expect(await faults()).toEqual([]);
    expect((await verify(head)).faults).toEqual(['Event 8 was there, and was cut off.']);
    expect((await verify({ sequence: 5, hash: 'x'.repeat(43) })).faults).toEqual([
      expect.stringMatching(/^Event 5 .* is not the one that was kept\.$/),
    ]);
  });

  it('shows a chain that was taken away', async () => {
    await server.em().nativeDelete(AuditChain, { id: 1 });
    expect(await faults()).toEqual(['No configured secret opens the chain of 7 sealed event(s).']);
    await logIn(server, user.email);
    await seal();
    expect(await faults()).toEqual([
      expect.stringMatching(
        /^This chain took the place of another at \S+Z: of what was before, nothing can be said\.$/,
      ),
      '7 event(s) up to 7 are of a former chain, whose key is gone or under another secret.',
    ]);
  });

  it('outlives the purge, and begins later', async () => {
    await passADay();
    const { accessToken } = await logIn(server, user.email);
    await server.app.get(JobRunner).runDue();
    expect(accessToken).toEqual(expect.any(String));
    expect(await verify()).toMatchObject({ events: 1, head: { sequence: 8 }, faults: [] });
    await server.em().nativeDelete(AuditEvent, { sequence: 8 });
    expect(await faults()).toEqual(['Event 8 is missing.']);
  });

  it('says of a head that was kept when it can no longer be compared', async () => {
    const { hash } = await eventAt(6);
    const { head } = await verify();
    await passADay();
    await logIn(server, user.email);
    await server.app.get(JobRunner).runDue();
    expect(await verify({ sequence: 6, hash: hash ?? '' })).toMatchObject({
      faults: [],
      notices: ['Event 6 was purged, or is of a former chain: the head that was kept cannot be compared any more.'],
    });
    // The last one that was purged is known by the beginning of the chain.
    expect(await verify(head)).toMatchObject({ faults: [], notices: [] });
    expect(await verify({ sequence: 7, hash: 'x'.repeat(43) })).toMatchObject({
      faults: ['Event 7 was purged, and is not the one that was kept.'],
    });
  });

  it('says when sealing stands still', async () => {
    await logIn(server, user.email);
    const { at } = await server.em().findOneOrFail(AuditEvent, { sequence: null });
    server.clock.advance(590);
    expect(await verify()).toMatchObject({ faults: [], notices: [] });
    server.clock.advance(11);
    expect(await verify()).toMatchObject({
      unsealed: 1,
      faults: [],
      notices: [
        `Sealing stands still: an event of ${at.toISOString()} waits for it. A server with JOBS_ENABLED seals it.`,
        expect.stringMatching(/^Sealing was last done at /),
      ],
    });
    await seal();
    expect(await verify()).toMatchObject({ unsealed: 0, faults: [], notices: [] });
  });

  const LEAVES_NOTHING = 'An event that was deleted before it was sealed has left nothing here; the log has it.';
  const [EPOCH, NO_MOMENT] = testEngine === 'postgres' ? [`'epoch'`, `'infinity'`] : ['0', `'x'`];

  it.each([
    [
      'long ago',
      `last_run_at = ${EPOCH}`,
      'Sealing was last done at 1970-01-01T00:00:00.000Z, says the row of its job.',
    ],
    ['at no time', 'last_run_at = null', 'Sealing was never done, says the row of its job.'],
    ['at what is no moment', `last_run_at = ${NO_MOMENT}`, 'Sealing was never done, says the row of its job.'],
  ])('says when sealing was last done %s, although nothing waits for it', async (_, change, notice) => {
    await server.em().execute(`update jobs set ${change} where name = 'seal-audit'`);
    expect(await verify()).toMatchObject({ faults: [], notices: [`${notice} ${LEAVES_NOTHING}`] });
  });

  it('says when sealing was last done in a time that is still to come', async () => {
    const { lastRunAt } = await server.em().findOneOrFail(JobState, 'seal-audit');
    server.clock.advance(-700);
    expect((await verify()).notices).toContain(
      `Sealing was last done at ${String(lastRunAt?.toISOString())}, says the row of its job. ${LEAVES_NOTHING}`,
    );
  });

  it('says which event is dated into the future and keeps those behind it from being purged, as the job does', async () => {
    const log = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    server.clock.advance(3 * DAY);
    await logIn(server, user.email);
    const { at } = await server.em().findOneOrFail(AuditEvent, { sequence: null });
    // A clock that has leaped proves itself first.
    await seal();
    await seal();
    server.clock.advance(-3 * DAY);
    expect((await verify()).notices).toContain(
      `Event 8 is dated into the future. It and those behind it are not purged before AUDIT_RETENTION after ${at.toISOString()}.`,
    );
    const told = () => log.mock.calls.filter(([message]) => /^Event 8 is dated into the future/.test(String(message)));
    expect(told()).toEqual([]);
    // What is before it is purged, and then it is told at each run.
    for (const runs of [1, 2]) {
      await passADay();
      await server.app.get(JobRunner).runDue();
      expect(told().length).toBeGreaterThanOrEqual(runs);
    }
    expect(await server.em().count(AuditEvent, { sequence: { $lt: 8 } })).toBe(0);
    log.mockRestore();
  });

  it('outlives the deletion of an account, of which no address is left, and shows one that is written there', async () => {
    const other = await signUp(server);
    await seal();
    const answer = await server.call(
      'mutation ($password: String!) { deleteAccount(password: $password) }',
      { password: PASSWORD },
      { token: other.accessToken },
    );
    expect(answer.errors).toEqual([]);
    expect(await server.em().count(User, { id: other.id })).toBe(0);
    await seal();
    const events = await server.em().find(AuditEvent, { subjectId: other.id });
    expect(events.map(({ ipAddress, userAgent }) => [ipAddress, userAgent])).toEqual(events.map(() => [null, null]));
    expect(await faults()).toEqual([]);
    for (const origin of [{ ipAddress: '192.0.2.1' }, { userAgent: 'Another' }]) {
      await server.em().nativeUpdate(AuditEvent, { sequence: 8 }, origin);
      expect(await faults()).toEqual([expect.stringMatching(/^Event 8 .* has another address or user agent\.$/)]);
      await server.em().nativeUpdate(AuditEvent, { sequence: 8 }, { ipAddress: null, userAgent: null });
    }
  });

  it('shows addresses that were taken away, also when the row of the account is deleted by hand', async () => {
    const other = await signUp(server);
    await seal();
    const origin = { ipAddress: null, userAgent: null, originSalt: null };
    await server.em().nativeUpdate(AuditEvent, { subjectId: other.id }, origin);
    await server.em().nativeDelete(User, other.id);
    expect(await faults()).toEqual([expect.stringMatching(/^Event 8 .* has another address or user agent\.$/)]);
  });
});

describe('what changes while it is looked at', () => {
  /** Before the row of the chain is read for the second time, and for the third one. */
  const betweenLooks = (...changes: readonly (() => Promise<unknown>)[]) => {
    const ledger = server.app.get(AuditLedger);
    const look = ledger.look.bind(ledger);
    const pending = [() => Promise.resolve(), ...changes];
    jest.spyOn(ledger, 'look').mockImplementation(async (em) => {
      await pending.shift()?.();
      return look(em);
    });
  };
  afterEach(() => jest.restoreAllMocks());
  const move = (change: Partial<AuditChain>) => server.em().nativeUpdate(AuditChain, { id: 1 }, change);
  const MOVED = 'The ends of the chain were moved by hand.';

  it('excuses no missing event by a beginning that was moved by hand', async () => {
    await server.em().nativeDelete(AuditEvent, { sequence: { $gte: 3, $lte: 6 } });
    betweenLooks(
      () => move({ startSequence: 999_999 }),
      () => move({ startSequence: 0 }),
    );
    expect(await faults()).toEqual([MOVED, 'Events 3 to 6 are missing.']);
  });

  it('excuses no event behind the end by an end that was moved by hand', async () => {
    await server.em().insert(AuditEvent, { id: newId(), at: new Date(), type: 'users.exported', sequence: 8 });
    betweenLooks(() => move({ headSequence: 8 }));
    expect(await faults()).toEqual([MOVED, 'There are events behind the end of the chain.']);
  });

  it('shows a later end that takes the place of an older one, and what is between them', async () => {
    const rowNow = async () => Object.fromEntries(Object.entries(await server.em().findOneOrFail(AuditChain, 1)));
    const older = await rowNow();
    await logIn(server, user.email);
    await logIn(server, user.email);
    await seal();
    const later = await rowNow();
    await server.em().nativeUpdate(AuditEvent, { sequence: 8 }, { type: 'user.logged_out' });
    await move(older);
    betweenLooks(
      () => move(later),
      () => move(older),
    );
    expect(await verify()).toMatchObject({
      events: 9,
      head: { sequence: 9 },
      faults: [expect.stringMatching(/^Event 8 .* was changed\.$/), MOVED],
    });
  });

  it('is no fault when it is sealed or purged meanwhile', async () => {
    server.clock.advance(DAY - 60);
    await logIn(server, user.email);
    const find = jest.spyOn(ChainWalk.prototype, 'toTheEnd');
    find.mockImplementationOnce(async function (this: ChainWalk) {
      await server.app.get(JobRunner).runDue();
      server.clock.advance(60);
      await server.app.get(JobRunner).runDue();
      server.clock.advance(DAY - 120);
      await server.app.get(JobRunner).runDue();
      expect((await server.em().findOneOrFail(AuditChain, 1)).startSequence).toBe(7);
      await this.toTheEnd();
    });
    expect(await verify()).toMatchObject({ events: 1, head: { sequence: 8 }, faults: [] });
  });
});

describe('a chain under another secret', () => {
  it('is gone on with while the former secret is configured, and begun anew when it is not', async () => {
    const databaseUrl = await temporaryDatabaseUrl();
    const [first, second, third] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64url'));
    let starts = 0;
    const withSecrets = async (secret = '', previous = '') => {
      const env = { JOBS_ENABLED: 'false', JWT_SECRET: secret, ...(previous && { JWT_PREVIOUS_SECRETS: previous }) };
      const at = await TestServer.start({ databaseUrl, env });
      // Later than whatever has run before.
      at.clock.advance(60 * ++starts);
      await signUp(at);
      await at.app.get(JobRunner).runDue();
      const report = await at.app.get(AuditVerification).verify();
      await at.stop();
      return report;
    };
    expect(await withSecrets(first)).toMatchObject({ events: 1, faults: [] });
    expect(await withSecrets(second, first)).toMatchObject({ events: 2, faults: [] });
    // It was wrapped anew: the first secret is not needed any more.
    expect(await withSecrets(second)).toMatchObject({ events: 3, faults: [] });
    // The sign-up, and the signing key in place of those that the third secret does not open.
    expect(await withSecrets(third)).toMatchObject({
      events: 2,
      head: { sequence: 5 },
      faults: [
        expect.stringMatching(/^This chain took the place of another/),
        '3 event(s) up to 3 are of a former chain, whose key is gone or under another secret.',
      ],
    });
    await dropDatabase(databaseUrl);
  });
});
