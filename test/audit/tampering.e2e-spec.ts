import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { AuditVerification } from '../../src/administration/audit-verification.service.js';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { newId } from '../../src/common/ids.js';
import type { Job } from '../../src/jobs/job-runner.js';
import { logIn, signUp } from '../support/accounts.js';
import { auditJobsOfAnotherProcess } from '../support/audit-jobs.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;
const [OLD, YOUNG, UNSEALED] = [3, 4, 3];

type Row = Record<string, unknown>;
const rowOf = (entity: object): Row => Object.fromEntries(Object.entries(entity));
interface State {
  readonly chain: Row;
  readonly events: readonly Row[];
}

let server: TestServer;
let before: State;
let log: jest.Spied<Logger['error']>;
beforeAll(async () => {
  log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  server = await TestServer.start({ env: { AUDIT_RETENTION: '1d', JOBS_ENABLED: 'false' } });
  const user = await signUp(server);
  const sign = async (times: number) => {
    for (let index = 0; index < times; index++) await logIn(server, user.email);
  };
  await sign(OLD - 1);
  await seal();
  server.clock.advance(2 * DAY);
  await sign(YOUNG);
  await seal();
  await sign(UNSEALED);
  before = await stateNow();
});
afterAll(async () => {
  await server.stop();
  log.mockRestore();
});

/** Each time by a process that has just started: one that knows a later state refuses an older one that is put back. */
const seal = () => run(auditJobsOfAnotherProcess(server).sealing);
const purge = () => run(auditJobsOfAnotherProcess(server).purge);
const run = (job: Job) => server.em().transactional((em) => job.run(em, server.clock.now()));
const faults = async () => (await server.app.get(AuditVerification).verify()).faults;

async function stateNow(): Promise<State> {
  const chain = await server.em().findOneOrFail(AuditChain, 1, { populate: ['*'] });
  // One engine has null first, the other one last.
  const [sealed, unsealed] = await Promise.all(
    [{ $ne: null }, null].map((sequence) =>
      server.em().find(AuditEvent, { sequence }, { orderBy: { sequence: 'asc', id: 'asc' } }),
    ),
  );
  return { chain: rowOf(chain), events: [...(sealed ?? []), ...(unsealed ?? [])].map(rowOf) };
}

async function put({ chain, events }: State): Promise<void> {
  await server.em().transactional(async (em) => {
    await em.nativeDelete(AuditEvent, {});
    await em.nativeDelete(AuditChain, {});
    await em.insert(AuditChain, chain as never);
    await em.insertMany(AuditEvent, events as never[]);
  });
}

const TEXTS = ['type', 'originDigest', 'requestId', 'ipAddress', 'userAgent'];
const IDS = ['id', 'actorId', 'subjectId', 'sessionId'];
const MOMENTS = ['macsFrom', 'purgedUntil', 'begunAnewAt'];
const place = fc.nat(OLD + YOUNG + UNSEALED - 1);
const sealedPlace = fc.nat(OLD + YOUNG - 1);
/** The columns of texts are shorter than this on PostgreSQL. */
const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', 'c', '1', '.') });
const seconds = fc.integer({ min: -400 * 86_400, max: 400 * 86_400 }).filter((value) => value !== 0);

/** What somebody can do to the rows. */
const tampering: fc.Arbitrary<(state: State) => State> = fc.oneof(
  fc
    .record({ place, name: fc.constantFrom(...TEXTS), text })
    .map((it) => edit(it.place, () => ({ [it.name]: it.text }))),
  // The hash of what is not sealed yet says nothing: it is not there.
  fc.record({ place: sealedPlace, text }).map((it) => edit(it.place, () => ({ hash: it.text }))),
  fc.record({ place, name: fc.constantFrom(...IDS) }).map((it) => edit(it.place, () => ({ [it.name]: newId() }))),
  fc.record({ place, seconds }).map((it) => edit(it.place, ({ at }) => ({ at: later(at, it.seconds) }))),
  fc.record({ place, text }).map((it) => edit(it.place, () => ({ details: { amr: [it.text] } }))),
  fc.record({ count: fc.integer({ min: 1, max: OLD + YOUNG }), seconds }).map(
    (it) =>
      (state: State): State =>
        // All from the start on, as if they were to be purged.
        Array.from({ length: it.count }).reduce<State>(
          (moved, _, index) => edit(index, ({ at }) => ({ at: later(at, it.seconds) }))(moved),
          state,
        ),
  ),
  // What is not sealed yet can be taken away unseen: docs/audit.md.
  sealedPlace.map((it) => (state: State): State => ({
    ...state,
    events: state.events.filter((_, index) => index !== it),
  })),
  sealedPlace.map((it) => edit(it, () => ({ sequence: null, hash: null }))),
  fc.record({ one: sealedPlace, other: sealedPlace }).map(({ one, other }) => swap(one, other)),
  // One that was taken away meanwhile can be like no other.
  fc.record({ like: place, text }).map((it) => ({ chain, events }: State): State => ({
    chain,
    events: [...events, { ...events[it.like % events.length], id: newId(), sequence: null, hash: null, type: it.text }],
  })),
  fc
    .record({ name: fc.constantFrom('startSequence', 'headSequence'), by: fc.integer({ min: -9, max: 9 }) })
    .map(({ name, by }) => ({ chain, events }: State): State => ({
      events,
      chain: { ...chain, [name]: Number(chain[name]) + by },
    })),
  fc.record({ name: fc.constantFrom(...MOMENTS), seconds }).map((it) => ({ chain, events }: State): State => ({
    events,
    chain: { ...chain, [it.name]: later(server.clock.now(), it.seconds) },
  })),
);

const later = (moment: unknown, by: number) => new Date((moment as Date).getTime() + by * 1000);

const edit =
  (place: number, change: (event: Row) => Row) =>
  ({ chain, events }: State): State => ({
    chain,
    events: events.map((event, index) => (index === place ? { ...event, ...change(event) } : event)),
  });

/** Each stands where the other one stood. */
const swap =
  (one: number, other: number) =>
  (state: State): State => {
    const [first, second] = [state.events[one], state.events[other]];
    const placeOf = (row?: Row) => ({ sequence: row?.['sequence'] ?? null, hash: row?.['hash'] ?? null });
    return edit(other, () => placeOf(first))(edit(one, () => placeOf(second))(state));
  };

const isUnique = (events: readonly Row[], name: string): boolean => {
  const values = events.map((event) => event[name]).filter((value) => value !== null);
  return new Set(values).size === values.length;
};

it('whatever is done to the rows is shown, before the jobs have run and afterwards', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tampering, { minLength: 1, maxLength: 3 }), async (tamperings) => {
      const after = tamperings.reduce((state, tamper) => tamper(state), before);
      fc.pre(!isDeepStrictEqual(after, before) && isUnique(after.events, 'sequence') && isUnique(after.events, 'id'));
      await put(after);
      const shown = await faults();
      expect(shown).not.toEqual([]);
      await seal();
      await purge();
      const shownLater = await faults();
      expect(shownLater).not.toEqual([]);
    }),
    { numRuns: 60 },
  );
  // As it was written, it is sealed and purged without a fault.
  await put(before);
  expect([(await seal()).rows, (await purge()).rows, await faults()]).toEqual([UNSEALED, OLD, []]);
});
