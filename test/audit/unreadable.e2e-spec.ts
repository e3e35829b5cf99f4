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
  server = await TestServer.start({ env: { AUDIT_RETENTION: '1h', JOBS_ENABLED: 'false' } });
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
const faults = async () => (await server.app.get(AuditVerification).verify()).faults;

/** Values of SQL that a column takes and no server writes. */
const UNREADABLE: readonly (readonly [column: 'at' | 'details' | 'ip_address', value: string])[] = [
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
        ['ip_address', `x'00ff'`],
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
    const values = { ...{ at: now(), details: 'null', ip_address: 'null' }, [column]: value };
    const { at, details, ip_address } = values;
    await server.em().execute(
      `insert into audit_events (id, at, type, details, ip_address, mac)
        values ('${id}', ${at}, 'user.logged_in', ${details}, ${ip_address}, ${mac})`,
    );
    return id;
  };

  it.each([`'x'`, 'null'])('is kept out of the chain, and keeps no other out: its MAC is %s', async (mac) => {
    await takeInOfVersionBefore();
    const id = await insert(mac);
    await logIn(server, user.email);
    expect(await seal()).toEqual({ rows: 1, hasMore: false });
    expect(log).toHaveBeenCalledTimes(1);
    expect(await faults()).toEqual([
      `Event ${id} (user.logged_in) is kept out of the chain: it is not as this server has written it.`,
    ]);
  });

  it('is shown when it was sealed as another, and so is what follows; nothing is purged', async () => {
    const changed = await server.em().findOneOrFail(AuditEvent, { sequence: 2 });
    await server.em().nativeDelete(AuditEvent, { sequence: 3 });
    await server.em().execute(`update audit_events set ${column} = ${value} where id = '${changed.id}'`);
    const told = await faults();
    expect(told).toContainEqual(
      expect.stringMatching(/^Event 2 .* (was changed|has another address or user agent)\.$/),
    );
    expect(told).toContainEqual('Event 3 is missing.');
    server.clock.advance(7_200);
    expect(await run(server.app.get(AuditPurge))).toEqual({ rows: 0, hasMore: false });
    expect(log).toHaveBeenCalledTimes(1);
  });

  it('leaves the list of events readable', async () => {
    await insert(`'x'`);
    const admin = await signUpWithRoles(server, 'admin');
    const answer = await server.call('{ auditEvents { nodes { at type } } }', {}, { token: admin.accessToken });
    expect(answer.errors).toEqual([]);
  });
});

describe('a chain whose moments are none', () => {
  it.each(['macs_from', 'purged_until', 'begun_anew_at'])('is one that was moved by hand: %s', async (column) => {
    const value = testEngine === 'postgres' ? `'infinity'` : `'x'`;
    await server.em().execute(`update audit_chain set ${column} = ${value}`);
    await logIn(server, user.email);
    expect(await seal()).toEqual({ rows: 0, hasMore: false });
    expect(log).toHaveBeenCalledTimes(1);
    expect(await faults()).toContain('The ends of the chain were moved by hand.');
  });
});
