import { LockMode } from '@mikro-orm/core';
import { AuditVerification } from '../../src/administration/audit-verification.service.js';
import { AuditChain } from '../../src/audit/audit-chain.entity.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { AuditLedger } from '../../src/audit/audit-ledger.js';
import { AuditSealing } from '../../src/audit/audit-sealing.js';
import { PASSWORD, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { TestServer } from '../support/test-server.js';

const DELETE = 'mutation ($password: String!) { deleteAccount(password: $password) }';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { JOBS_ENABLED: 'false' } });
});
afterAll(() => server.stop());

const seal = () => server.em().transactional((em) => server.app.get(AuditSealing).run(em, server.clock.now()));

const takeInOfVersionBefore = () =>
  server.em().transactional(async (em) => {
    const ledger = server.app.get(AuditLedger);
    const chain = await ledger.hold(em, server.clock.now());
    if (chain) ledger.move(chain, { macsFrom: new Date(server.clock.now().getTime() + 1_000) });
  });

// On SQLite one transaction follows the other.
const onPostgres = testEngine === 'postgres' ? describe : describe.skip;

onPostgres('an account that is deleted while its events are being sealed', () => {
  it.each(['of this version', 'of the version before'])(
    'leaves no address, no salt, and no fault: events %s',
    async (version) => {
      const user = await signUp(server);
      const theirs = { subjectId: user.id };
      if (version === 'of the version before') {
        await takeInOfVersionBefore();
        await server.em().nativeUpdate(AuditEvent, theirs, { mac: null, originSalt: null, originDigest: null });
      }
      let sealing: Promise<unknown> | undefined;
      await server.em().transactional(async (em) => {
        await em.findOneOrFail(AuditChain, 1, { lockMode: LockMode.PESSIMISTIC_WRITE });
        sealing = seal();
        await eventually('the job has read the events, and waits for the chain', async () => {
          const waiting = await server
            .em()
            .execute<object[]>(
              `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
            );
          return waiting.length > 0;
        });
        const answer = await server.call(DELETE, { password: PASSWORD }, { token: user.accessToken });
        expect(answer.errors).toEqual([]);
      });
      await sealing;
      await seal();
      const events = await server.em().find(AuditEvent, theirs);
      expect(events.length).toBeGreaterThan(1);
      for (const event of events) expect(event).toMatchObject({ ipAddress: null, userAgent: null, originSalt: null });
      expect(await server.em().count(AuditEvent, { sequence: null })).toBe(0);
      expect((await server.app.get(AuditVerification).verify()).faults).toEqual([]);
    },
  );
});
