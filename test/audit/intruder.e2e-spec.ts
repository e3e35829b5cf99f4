import { jest } from '@jest/globals';
import type { EntityClass } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import { AuditVerification } from '../../src/administration/audit-verification.service.js';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditPurge } from '../../src/audit/audit-purge.js';
import { AuditSealing } from '../../src/audit/audit-sealing.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { newId } from '../../src/common/ids.js';
import type { Job } from '../../src/jobs/job-runner.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, PASSWORD, signUp, type TestUser } from '../support/accounts.js';
import { auditJobsOfAnotherProcess } from '../support/audit-jobs.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;
const SEALED = 7;

let server: TestServer;
let user: TestUser;
/** The events as they were before they were sealed. */
let written: Record<string, unknown>[];
let log: jest.Spied<Logger['error']>;
beforeAll(() => {
  log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
beforeEach(async () => {
  server = await TestServer.start({ env: { AUDIT_RETENTION: '1d', JOBS_ENABLED: 'false' } });
  user = await signUp(server);
  for (let index = 1; index < SEALED; index++) await logIn(server, user.email);
  written = await rowsOf();
  await seal();
  log.mockClear();
});
afterEach(() => server.stop());
afterAll(() => log.mockRestore());

const run = (job: Job) => server.em().transactional((em) => job.run(em, server.clock.now()));
const seal = () => run(server.app.get(AuditSealing));
const purge = () => run(server.app.get(AuditPurge));
const faults = async () => (await server.app.get(AuditVerification).verify()).faults;
const all = () => server.em().find(AuditEvent, {}, { orderBy: { at: 'asc', id: 'asc' } });
const rowOf = (entity: object): Record<string, unknown> => Object.fromEntries(Object.entries(entity));
const rowsOf = async () => (await all()).map(rowOf);
const columns = (entity: EntityClass<object>) =>
  server
    .em()
    .getMetadata(entity)
    .props.map(({ name }) => String(name));

/** An event that is not sealed yet. */
async function unsealedEvent(): Promise<AuditEvent> {
  await logIn(server, user.email);
  return server.em().findOneOrFail(AuditEvent, { sequence: null });
}

/** Another value than the one that is there. */
function otherThan(value: unknown, name: string): unknown {
  if (value instanceof Date) return new Date(value.getTime() + 1000);
  if (typeof value === 'number') return value + 1_000;
  if (/^id$|Id$/.test(name)) return newId();
  if (name === 'details') return { amr: ['otp'] };
  if (name === 'type') return 'user.logged_out';
  return name.endsWith('At') || name.endsWith('Until') || name.endsWith('From') ? new Date(1_000) : 'x'.repeat(20);
}

describe('an event that somebody else has written', () => {
  const forged = (facts: Partial<AuditEvent>) =>
    server.em().insert(AuditEvent, { id: newId(), at: server.clock.now(), type: 'users.exported', ...facts });

  it.each([
    ['without a MAC', () => ({})],
    ['with the MAC of another', ({ mac, originSalt, originDigest }: AuditEvent) => ({ mac, originSalt, originDigest })],
    ['with a MAC of its own', () => ({ mac: 'x'.repeat(43) })],
    ['in the past', () => ({ at: new Date(server.clock.now().getTime() - 30 * 86_400_000) })],
  ])('%s is never sealed, and shown', async (_, facts) => {
    const genuine = await unsealedEvent();
    await forged({ actorId: user.id, ...facts(genuine) });
    await seal();
    await seal();
    const left = await server.em().findOneOrFail(AuditEvent, { sequence: null });
    expect(left.type).toBe('users.exported');
    expect(await server.em().count(AuditEvent, { sequence: SEALED + 1, id: genuine.id })).toBe(1);
    expect(await faults()).toEqual([
      `Event ${left.id} (users.exported) is kept out of the chain: it is not as this server has written it.`,
    ]);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('1 event(s) were not written by this server'));
  });

  it('keeps none that is genuine out of the chain, however many there are', async () => {
    const at = new Date(server.clock.now().getTime() - DAY * 1000);
    const rows = Array.from({ length: 1_200 }, () => ({ id: newId(), at, type: 'users.exported' as const }));
    await server.em().insertMany(AuditEvent, rows);
    const genuine = await unsealedGenuine();
    while ((await seal()).hasMore);
    expect(await server.em().count(AuditEvent, { sequence: null })).toBe(1_200);
    expect((await server.em().findOneOrFail(AuditEvent, genuine)).sequence).toBe(SEALED + 1);
  });

  const unsealedGenuine = async () => {
    await logIn(server, user.email);
    return (await server.em().findOneOrFail(AuditEvent, { sequence: null, type: 'user.logged_in' })).id;
  };
});

describe('an event that is not sealed yet', () => {
  it('is kept out of the chain when anything that it says was changed', async () => {
    const event = await unsealedEvent();
    const said = columns(AuditEvent).filter((name) => !['sequence', 'hash'].includes(name));
    expect(said.length).toBeGreaterThan(11);
    for (const name of said) {
      const genuine = rowOf(event);
      const change = { [name]: otherThan(genuine[name], name) };
      const id = name === 'id' ? change['id'] : event.id;
      await server.em().nativeUpdate(AuditEvent, { id: event.id }, change);
      await seal();
      expect([name, await faults()]).toEqual([name, [expect.stringMatching(/ is kept out of the chain: /)]]);
      await server.em().nativeUpdate(AuditEvent, { id: id as string }, { [name]: genuine[name] });
    }
    await seal();
    expect(await faults()).toEqual([]);
    expect((await server.em().findOneOrFail(AuditEvent, event.id)).sequence).toBe(SEALED + 1);
  });

  it('is sealed without address and user agent once its account is deleted, and shown when it only looks so', async () => {
    const event = await unsealedEvent();
    await server
      .em()
      .nativeUpdate(AuditEvent, { id: event.id }, { ipAddress: null, userAgent: null, originSalt: null });
    await seal();
    expect(await faults()).toEqual([`Event 8 (user.logged_in, ${event.id}) has another address or user agent.`]);
    const answer = await server.call(
      'mutation ($password: String!) { deleteAccount(password: $password) }',
      { password: PASSWORD },
      { token: user.accessToken },
    );
    expect(answer.errors).toEqual([]);
    await seal();
    expect(await faults()).toEqual([]);
    expect(await server.em().count(AuditEvent, { sequence: null })).toBe(0);
  });

  it('is sealed whatever a client wrote into it', async () => {
    const details = { reason: 'a\ud800b\0c', none: undefined, nested: { 'ä\u0301': [1.5, null, true, ''] } };
    await server.em().transactional((em) => {
      server.app.get(AuditService).record(em, 'user.impersonated', { details });
      return server.app.get(AuditService).insert(em, 'user.impersonated', { details });
    });
    await seal();
    expect(await faults()).toEqual([]);
    const stored = await server.em().find(AuditEvent, { sequence: { $gt: SEALED } });
    const readable = { reason: 'a\ufffdb\ufffdc', nested: details.nested };
    expect(stored.map((event) => event.details)).toEqual([readable, readable]);
  });
});

/** Where nothing proves an address, there is none. */
const UNSALTED = { originSalt: null, ipAddress: '192.0.2.1' };

describe('the purge', () => {
  it('deletes nothing of a trail whose times were moved, and says so', async () => {
    const before = new Date(server.clock.now().getTime() - 2 * DAY * 1000);
    await server.em().nativeUpdate(AuditEvent, { sequence: { $lte: SEALED } }, { at: before });
    expect(await purge()).toEqual({ rows: 0, hasMore: false });
    expect(await server.em().count(AuditEvent)).toBe(SEALED);
    expect(await faults()).toHaveLength(SEALED);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('Behind event 0 the trail is not as it was sealed.'));
  });

  it.each([
    ['changed', (id: string) => server.em().nativeUpdate(AuditEvent, { id }, { type: 'user.logged_out' })],
    ['missing', (id: string) => server.em().nativeDelete(AuditEvent, { id })],
    ['from elsewhere', (id: string) => server.em().nativeUpdate(AuditEvent, { id }, { ipAddress: '192.0.2.1' })],
    ['from elsewhere, without its salt', (id: string) => server.em().nativeUpdate(AuditEvent, { id }, UNSALTED)],
  ])('stops in front of an event that is %s', async (_, tamper) => {
    const fourth = await server.em().findOneOrFail(AuditEvent, { sequence: 4 });
    await tamper(fourth.id);
    const [left, shown] = [await server.em().count(AuditEvent), await faults()];
    server.clock.advance(2 * DAY);
    await logIn(server, user.email);
    await seal();
    await purge();
    expect(await server.em().count(AuditEvent)).toBe(left + 1);
    expect(await faults()).toEqual(shown);
    expect(shown).toHaveLength(1);
  });

  it('deletes what is old and as it was sealed, and what it has deleted never comes back', async () => {
    server.clock.advance(2 * DAY);
    await unsealedEvent();
    await seal();
    expect(await purge()).toEqual({ rows: SEALED, hasMore: false });
    expect(await faults()).toEqual([]);
    const [again] = written;
    if (!again) throw new Error('There were events');
    await server.em().insert(AuditEvent, again as never);
    await seal();
    expect((await server.em().findOneOrFail(AuditEvent, { id: String(again['id']) })).sequence).toBeNull();
    expect(await faults()).toEqual([
      `Event ${String(again['id'])} (user.signed_up) is kept out of the chain: it is older than what was purged.`,
    ]);
  });
});

describe('the ends of the chain', () => {
  it('are never put under a seal when anything in their row was changed', async () => {
    const row = rowOf(await server.em().findOneOrFail(AuditChain, 1, { populate: ['*'] }));
    await unsealedEvent();
    for (const name of columns(AuditChain).filter((column) => !['id', 'wrappedKey'].includes(column))) {
      await server.em().nativeUpdate(AuditChain, { id: 1 }, { [name]: otherThan(row[name], name) });
      server.clock.advance(2 * DAY);
      const done = [await seal(), await purge()].map(({ rows }) => rows);
      expect([name, done, (await faults())[0]]).toEqual([name, [0, 0], 'The ends of the chain were moved by hand.']);
      await server.em().nativeUpdate(AuditChain, { id: 1 }, { [name]: row[name] });
    }
    expect(await seal()).toMatchObject({ rows: 1 });
    expect(await faults()).toEqual([]);
  });

  it.each([
    ['was taken away', () => server.em().nativeDelete(AuditChain, { id: 1 })],
    ['cannot be opened', () => server.em().nativeUpdate(AuditChain, { id: 1 }, { wrappedKey: 'x'.repeat(40) })],
  ])('show for as long as events are kept that a former chain %s', async (_, destroy) => {
    await destroy();
    // All that is left is genuine, and is as it was before it was sealed.
    await server.em().nativeDelete(AuditEvent, {});
    await server.em().insertMany(AuditEvent, written.slice(2) as never[]);
    await seal();
    const anew = [expect.stringMatching(/^This chain took the place of another at \S+Z: /)];
    expect(await faults()).toEqual(anew);
    server.clock.advance(DAY - 10);
    expect(await faults()).toEqual(anew);
    server.clock.advance(11);
    expect(await faults()).toEqual([]);
  });
});

describe('two emptied tables', () => {
  const ANEW = /^This chain took the place of another at \S+Z: /;
  beforeEach(async () => {
    await server.em().nativeDelete(AuditEvent, {});
    await server.em().nativeDelete(AuditChain, {});
  });

  it('never look like those of a new server to a server that runs', async () => {
    await seal();
    expect(await faults()).toEqual([expect.stringMatching(ANEW)]);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('A new one begins.'));
  });

  it('never look so at a start either, as long as there is an account', async () => {
    await auditJobsOfAnotherProcess(server).ledger.onModuleInit();
    expect(await faults()).toEqual([expect.stringMatching(ANEW)]);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('A new one begins.'));
  });

  it('never look so at a start without accounts either, as long as there is an event', async () => {
    await server.em().nativeDelete(User, {});
    await server.em().insertMany(AuditEvent, written as never[]);
    await auditJobsOfAnotherProcess(server).ledger.onModuleInit();
    expect(await faults()).toContainEqual(expect.stringMatching(ANEW));
    expect(log).toHaveBeenCalledWith(expect.stringContaining('A new one begins.'));
  });

  it('begin a first chain in a database without accounts', async () => {
    await server.em().nativeDelete(User, {});
    await auditJobsOfAnotherProcess(server).ledger.onModuleInit();
    expect([await faults(), log.mock.calls]).toEqual([[], []]);
  });
});

describe('an older row of the chain that is put back', () => {
  let older: Record<string, unknown>;
  let unsealed: Record<string, unknown>[];
  beforeEach(async () => {
    older = await chainRow();
    for (let index = 0; index < 3; index++) await logIn(server, user.email);
    unsealed = (await server.em().find(AuditEvent, { sequence: null })).map(rowOf);
    await seal();
    await seal();
  });

  const chainRow = async () => rowOf(await server.em().findOneOrFail(AuditChain, 1, { populate: ['*'] }));
  const headNow = async () => (await server.em().findOneOrFail(AuditChain, 1)).headSequence;

  it('makes nothing that was sealed once new again', async () => {
    await server.em().nativeUpdate(AuditChain, { id: 1 }, older);
    await server.em().nativeDelete(AuditEvent, { sequence: SEALED + 1 });
    await server.em().nativeUpdate(AuditEvent, { sequence: { $gt: SEALED } }, { sequence: null, hash: null });
    await run(auditJobsOfAnotherProcess(server).sealing);
    expect(await server.em().count(AuditEvent, { sequence: { $gt: SEALED } })).toBe(0);
    expect(await faults()).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/is kept out of the chain/)));
  });

  /** The events since then are as they were before they were sealed, and one of them is gone. */
  async function putBack(): Promise<void> {
    await server.em().nativeUpdate(AuditChain, { id: 1 }, older);
    await server.em().nativeDelete(AuditEvent, { sequence: { $gt: SEALED } });
    await server.em().insertMany(AuditEvent, unsealed.slice(1) as never[]);
  }

  it('is refused by a process that has seen a later one, with all that was kept', async () => {
    await putBack();
    expect([await seal(), (await purge()).rows, await headNow()]).toEqual([{ rows: 0, hasMore: false }, 0, SEALED]);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('does not hold what this process has seen in it'));
  });

  it('is refused also when another process has gone on with it, as far as before or further', async () => {
    await putBack();
    await logIn(server, user.email);
    const other = auditJobsOfAnotherProcess(server).sealing;
    expect([await run(other), await headNow()]).toEqual([{ rows: 3, hasMore: false }, SEALED + 3]);
    expect(await seal()).toEqual({ rows: 0, hasMore: false });
    await logIn(server, user.email);
    expect([await run(other), await headNow()]).toEqual([{ rows: 1, hasMore: false }, SEALED + 4]);
    await logIn(server, user.email);
    expect(await seal()).toEqual({ rows: 0, hasMore: false });
  });

  it('is refused when it is of a chain that was lost, whose place another one has taken', async () => {
    await server.em().nativeDelete(AuditChain, { id: 1 });
    await seal();
    await seal();
    const anew = await chainRow();
    await server.em().nativeUpdate(AuditChain, { id: 1 }, older);
    await logIn(server, user.email);
    expect(await seal()).toEqual({ rows: 0, hasMore: false });
    await server.em().nativeUpdate(AuditChain, { id: 1 }, anew);
    expect(await seal()).toEqual({ rows: 1, hasMore: false });
  });

  it('is refused so also when nothing stands behind its end', async () => {
    await server.em().nativeDelete(AuditChain, { id: 1 });
    await seal();
    await seal();
    await putBack();
    expect([await seal(), (await purge()).rows, await headNow()]).toEqual([{ rows: 0, hasMore: false }, 0, SEALED]);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('does not hold what this process has seen in it'));
  });

  it('is not taken for one after a transaction that was rolled back', async () => {
    await logIn(server, user.email);
    const failing = server.em().transactional(async (em) => {
      await server.app.get(AuditSealing).run(em, server.clock.now());
      await em.flush();
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect([await seal(), await faults()]).toEqual([{ rows: 1, hasMore: false }, []]);
    expect(log).not.toHaveBeenCalled();
  });
});

describe('the order of the events', () => {
  it('shows one that was held back, and none of a job that was away for long', async () => {
    const held = await unsealedEvent();
    const row = rowOf(held);
    await server.em().nativeDelete(AuditEvent, { id: held.id });
    server.clock.advance(30);
    await logIn(server, user.email);
    server.clock.advance(1_000);
    await logIn(server, user.email);
    await seal();
    expect(await faults()).toEqual([]);
    await server.em().insert(AuditEvent, row as never);
    await seal();
    expect(await faults()).toEqual([
      `Event 10 (user.logged_in, ${held.id}) is older than one before it: it was held back, or a clock was set back.`,
    ]);
  });

  it('shows one that was held back for hours, in steps that are shorter than what clocks may differ by', async () => {
    const held: Record<string, unknown>[] = [];
    for (let index = 0; index < 5; index++) {
      const event = await unsealedEvent();
      held.push(rowOf(event));
      await server.em().nativeDelete(AuditEvent, { id: event.id });
      server.clock.advance(540);
    }
    await unsealedEvent();
    await seal();
    expect(await faults()).toEqual([]);
    for (const row of held.reverse()) {
      await server.em().insert(AuditEvent, row as never);
      await seal();
    }
    const older = / is older than one before it: it was held back, or a clock was set back\.$/;
    expect(await faults()).toEqual([expect.stringMatching(older), expect.stringMatching(older)]);
  });

  it('outlives a clock that is set back: events are sealed as before, and it is shown once', async () => {
    server.clock.advance(-10 * DAY);
    for (let index = 0; index < 3; index++) await logIn(server, user.email);
    await seal();
    expect(await server.em().count(AuditEvent, { sequence: null })).toBe(0);
    expect(await faults()).toEqual([expect.stringMatching(/^Event 8 .* is older than one before it/)]);
  });
});
