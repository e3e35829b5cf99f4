import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AuditVerification } from '../../src/administration/audit-verification.service.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditLedger } from '../../src/audit/audit-ledger.js';
import { AuditPurge } from '../../src/audit/audit-purge.js';
import { AuditSealing } from '../../src/audit/audit-sealing.js';
import { newId } from '../../src/common/ids.js';
import type { Job } from '../../src/jobs/job-runner.js';
import { logIn, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
let user: TestUser;
let log: jest.Spied<Logger['error']>;
beforeAll(() => {
  log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});
beforeEach(async () => {
  server = await TestServer.start({ env: { AUDIT_RETENTION: '1d', JOBS_ENABLED: 'false' } });
  user = await signUp(server);
  await logIn(server, user.email);
  await logIn(server, user.email);
  await seal();
  log.mockClear();
});
afterEach(() => server.stop());
afterAll(() => log.mockRestore());

const run = (job: Job) => server.em().transactional((em) => job.run(em, server.clock.now()));
const seal = () => run(server.app.get(AuditSealing));
const NOTHING = { rows: 0, hasMore: false };
const faults = async () => (await server.app.get(AuditVerification).verify()).faults;

/** The columns that say something of an event, and its hash. */
const COLUMNS = [
  ...['at', 'type', 'actor_id', 'subject_id', 'session_id', 'ip_address', 'user_agent', 'request_id', 'details'],
  ...['hash', 'origin_salt', 'origin_digest'],
];
/** SQLite keeps bytes in any column. */
const BYTES = `x'00ff'`;

/** Values of SQL that a column takes and no server writes. */
const UNREADABLE: readonly (readonly [column: string, value: string])[] = [
  ['details', `'{"a":1e400}'`],
  ...(testEngine === 'postgres'
    ? ([
        ['at', `'infinity'`],
        ['at', `'-infinity'`],
        ['at', `'290000-01-01'`],
      ] as const)
    : ([
        ['at', `'x'`],
        ['at', '9e15'],
        ['details', `'{'`],
        ['details', `'{"a":"\\ud800"}'`],
        ['details', `'{"amr":["otp"],"amr":["pwd"]}'`],
        ...COLUMNS.map((column) => [column, BYTES] as const),
      ] as const)),
];

/** Before the update is over, events without a MAC are taken in. */
const takeInOfVersionBefore = () =>
  server.em().transactional(async (em) => {
    const ledger = server.app.get(AuditLedger);
    const chain = await ledger.hold(em, server.clock.now());
    if (chain) ledger.move(chain, { macsFrom: new Date(server.clock.now().getTime() + 1_000) });
  });

describe.each(UNREADABLE)('a row whose %s is %s', (column, value) => {
  const now = () => (testEngine === 'postgres' ? 'now()' : String(server.clock.now().getTime()));
  const insert = async (mac: string) => {
    const id = newId();
    const row = { at: now(), type: `'user.logged_in'`, mac, [column]: value };
    const [names, values] = [Object.keys(row), Object.values(row)].map((list) => list.join());
    await server.em().execute(`insert into audit_events (id, ${names}) values ('${id}', ${values})`);
    return id;
  };

  // Texts are all the same without a MAC, those that SQLite keeps as bytes among them.
  const isText = value === BYTES && !['at', 'details'].includes(column);

  it.each([`'x'`, ...(isText ? [] : ['null'])])(
    'is kept out of the chain, and keeps no other out: its MAC is %s',
    async (mac) => {
      await takeInOfVersionBefore();
      const id = await insert(mac);
      await logIn(server, user.email);
      expect(await seal()).toEqual({ rows: 1, hasMore: false });
      expect(log).toHaveBeenCalledTimes(1);
      expect(await faults()).toEqual([
        expect.stringMatching(`^Event ${id} .* is kept out of the chain: it is not as this server has written it.$`),
      ]);
    },
  );

  it('is shown when it was sealed as another, and so is what follows; nothing is purged', async () => {
    const changed = await server.em().findOneOrFail(AuditEvent, { sequence: 2 });
    await server.em().nativeDelete(AuditEvent, { sequence: 3 });
    await server.em().execute(`update audit_events set ${column} = ${value} where id = '${changed.id}'`);
    const told = await faults();
    expect(told).toContainEqual(
      expect.stringMatching(/^Event 2 .* (was changed|has another address or user agent)\.$/),
    );
    expect(told).toContainEqual('Event 3 is missing.');
    server.clock.advance(2 * 86_400);
    expect(await run(server.app.get(AuditPurge))).toEqual({ rows: 0, hasMore: false });
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('leaves the list of events readable', async () => {
    const id = await insert(`'x'`);
    const ids = await listedIds();
    expect(ids.length).toBeGreaterThan(4);
    if (column === 'at') expect(ids).not.toContain(id);
  });
});

const EVENT = 'id at type actorId subjectId sessionId ipAddress userAgent details';

/** Of the list that an administrator sees. */
async function listedIds(): Promise<string[]> {
  const admin = await signUpWithRoles(server, 'admin');
  const answer = await server.call<{ auditEvents: { nodes: { id: string }[] } }>(
    `{ auditEvents { nodes { ${EVENT} } } }`,
    {},
    { token: admin.accessToken },
  );
  expect(answer.errors).toEqual([]);
  return (answer.data?.auditEvents.nodes ?? []).map(({ id }) => id);
}

/** What JavaScript could read as the same moment, and SQLite sorts and compares as another. */
const OTHER_SPELLINGS = [`strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch')`, 'at + 0.5'];

(testEngine === 'sqlite' ? describe : describe.skip).each(OTHER_SPELLINGS)(
  'an event whose moment is written as %s',
  (value) => {
    it('was changed, when it was sealed before', async () => {
      await server.em().execute(`update audit_events set at = ${value} where sequence = 2`);
      expect(await faults()).toContainEqual(expect.stringMatching(/^Event 2 .* was changed\.$/));
    });

    it('is left out of the list of events', async () => {
      const [changed, other] = await server.em().find(AuditEvent, { sequence: { $lte: 2 } });
      await server.em().execute(`update audit_events set at = ${value} where id = '${String(changed?.id)}'`);
      const ids = await listedIds();
      expect([ids.includes(String(changed?.id)), ids.includes(String(other?.id))]).toEqual([false, true]);
    });

    it('is kept out of the chain, when it was not', async () => {
      await logIn(server, user.email);
      await server.em().execute(`update audit_events set at = ${value} where sequence is null`);
      expect(await seal()).toEqual(NOTHING);
      expect(await faults()).toEqual([expect.stringMatching(/is kept out of the chain/)]);
    });
  },
);

const NO_MOMENTS = testEngine === 'postgres' ? [`'infinity'`] : [`'x'`, BYTES];
const NO_NUMBERS = testEngine === 'postgres' ? [`'9223372036854775807'`] : [`'x'`, BYTES];

describe('a chain whose row is unreadable', () => {
  it.each([
    ...['macs_from', 'purged_until', 'begun_anew_at'].flatMap((column) => NO_MOMENTS.map((value) => [column, value])),
    ...['start_sequence', 'head_sequence'].flatMap((column) => NO_NUMBERS.map((value) => [column, value])),
  ])('is one that was moved by hand: %s is %s', async (column, value) => {
    await server.em().execute(`update audit_chain set ${column} = ${value}`);
    await logIn(server, user.email);
    expect([await seal(), await run(server.app.get(AuditPurge))]).toEqual([NOTHING, NOTHING]);
    expect(log).toHaveBeenCalledTimes(2);
    expect(await faults()).toContain('The ends of the chain were moved by hand.');
  });
});

describe('an event that stands behind the end of the chain', () => {
  const places = ['4', '9223372036854775807', ...(testEngine === 'postgres' ? [] : [`'x'`, BYTES])];

  it.each(places)('keeps anything from being sealed or purged, and is shown: its place is %s', async (place) => {
    await server.em().execute(
      `insert into audit_events (id, at, type, sequence, hash) select '${newId()}', at, type, ${place}, 'x'
        from audit_events where sequence = 1`,
    );
    await logIn(server, user.email);
    expect([await seal(), await run(server.app.get(AuditPurge))]).toEqual([NOTHING, NOTHING]);
    expect(log).toHaveBeenCalledTimes(2);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('There are events behind the end of the chain.'));
    expect(await faults()).toEqual(['There are events behind the end of the chain.']);
    await server.em().execute(`update audit_events set sequence = null where hash = 'x'`);
    expect(await seal()).toEqual({ rows: 1, hasMore: false });
  });

  it('does not keep a new chain from being begun', async () => {
    await server.em().execute(`update audit_events set sequence = 9223372036854775807 where sequence = 3`);
    await server.em().execute('delete from audit_chain');
    await logIn(server, user.email);
    expect(await seal()).toEqual({ rows: 1, hasMore: false });
    expect(await seal()).toEqual(NOTHING);
    expect(await faults()).toContain('There are events behind the end of the chain.');
  });
});
