import canonicalize from 'canonicalize';
import { createHmac } from 'node:crypto';
import { AuditVerification } from '../../src/administration/audit-verification.service.js';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditLedger } from '../../src/audit/audit-ledger.js';
import { AuditSealing } from '../../src/audit/audit-sealing.js';
import { newId } from '../../src/common/ids.js';
import { signUp } from '../support/accounts.js';
import { auditJobsOfAnotherProcess } from '../support/audit-jobs.js';
import { testEngine } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

const DAY = 86_400;

let server: TestServer;
let sealing: AuditSealing;
beforeEach(async () => {
  server = await TestServer.start({ env: { JOBS_ENABLED: 'false' } });
  sealing = server.app.get(AuditSealing);
  await signUp(server);
  await seal();
  await sealAsBefore({ macsFrom: null, purgedUntil: null, begunAnewAt: null });
  startAgain();
});
afterEach(() => server.stop());

const startAgain = () => (sealing = auditJobsOfAnotherProcess(server).sealing);
const seal = () => server.em().transactional((em) => sealing.run(em, server.clock.now()));
const faults = async () => (await server.app.get(AuditVerification).verify()).faults;
const unsealed = () => server.em().count(AuditEvent, { sequence: null });
/** The version before writes no MAC. */
const writeAsBefore = () =>
  server.em().insert(AuditEvent, { id: newId(), at: server.clock.now(), type: 'user.login_failed' });

/** The version before knows of two ends and of no moments. */
async function sealAsBefore(moments: Partial<AuditChain> = {}): Promise<void> {
  const open = await server.app.get(AuditLedger).look(server.em());
  if (!open) throw new Error('There is a chain');
  const { startSequence, startHash, headSequence, headHash } = open.row;
  const ends = canonicalize({ ends: [startSequence, startHash, headSequence, headHash] }) ?? '';
  const former = createHmac('sha256', open.key).update(ends).digest('base64url');
  await server.em().nativeUpdate(AuditChain, { id: 1 }, { ...moments, seal: former });
}

it('an event of the version before is sealed while that version may still run, a day long', async () => {
  await writeAsBefore();
  expect(await faults()).toEqual([]);
  await seal();
  expect([await unsealed(), await faults()]).toEqual([0, []]);
  server.clock.advance(DAY - 1);
  await writeAsBefore();
  await seal();
  expect([await unsealed(), await faults()]).toEqual([0, []]);
  server.clock.advance(1);
  await writeAsBefore();
  await seal();
  expect([await unsealed(), await faults()]).toEqual([1, [expect.stringMatching(/is kept out of the chain/)]]);
});

describe('an instance of the version before can go on with the chain', () => {
  it.each([
    ['and the day does not begin anew', {}],
    ['and the day does not begin anew when its moment was cleared under a server that knows it', { macsFrom: null }],
    ['and the day does not begin anew when its moment was moved', { macsFrom: new Date('2099-01-01') }],
  ])('%s', async (_, moments) => {
    await seal();
    await seal();
    server.clock.advance(DAY - 1);
    await sealAsBefore(moments);
    await writeAsBefore();
    await seal();
    expect([await unsealed(), await faults()]).toEqual([0, []]);
    server.clock.advance(1);
    await sealAsBefore();
    await writeAsBefore();
    await seal();
    expect([await unsealed(), await faults()]).toEqual([1, [expect.stringMatching(/is kept out of the chain/)]]);
  });

  it('and the day begins anew for who clears its moment before the server starts', async () => {
    await seal();
    server.clock.advance(2 * DAY);
    await sealAsBefore({ macsFrom: null });
    startAgain();
    await writeAsBefore();
    await seal();
    expect([await unsealed(), await faults()]).toEqual([0, []]);
  });
});

describe('a moment that the seal of the version before does not cover', () => {
  const FUTURE = testEngine === 'postgres' ? `'2099-01-01'` : '4070908800000';
  const NONE = testEngine === 'postgres' ? [`'infinity'`, `'290000-01-01'`] : [`'x'`, '9e15', '1e400'];
  const columns = ['macs_from', 'purged_until', 'begun_anew_at'];

  it.each([FUTURE, ...NONE].flatMap((value) => columns.map((column) => [column, value] as const)))(
    'counts for nothing, and stops nothing: %s is %s',
    async (column, value) => {
      await server.em().execute(`update audit_chain set ${column} = ${value}`);
      await writeAsBefore();
      await signUp(server);
      expect(await faults()).toEqual([]);
      await seal();
      expect([await unsealed(), await faults()]).toEqual([0, []]);
      const { macsFrom, purgedUntil, begunAnewAt } = await server.em().findOneOrFail(AuditChain, 1);
      expect({ purgedUntil, begunAnewAt }).toEqual({ purgedUntil: null, begunAnewAt: null });
      const inADay = server.clock.now().getTime() + DAY * 1000;
      expect(Math.abs((macsFrom?.getTime() ?? 0) - inADay)).toBeLessThan(60_000);
    },
  );
});

it('the day does not begin anew by itself, and no moment of it can be moved', async () => {
  await signUp(server);
  await seal();
  const { macsFrom } = await server.em().findOneOrFail(AuditChain, 1);
  expect(macsFrom).toEqual(expect.any(Date));
  server.clock.advance(10);
  await signUp(server);
  await seal();
  expect((await server.em().findOneOrFail(AuditChain, 1)).macsFrom).toEqual(macsFrom);
  await server.em().nativeUpdate(AuditChain, { id: 1 }, { macsFrom: null });
  await writeAsBefore();
  expect(await seal()).toEqual({ rows: 0, hasMore: false });
  expect(await faults()).toEqual(['The ends of the chain were moved by hand.']);
});

it('a new chain takes no event without a MAC at any time', async () => {
  await server.em().nativeDelete(AuditChain, { id: 1 });
  await writeAsBefore();
  await seal();
  expect(await unsealed()).toBe(1);
});
