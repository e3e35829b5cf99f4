import { decodeJwt } from 'jose';
import { setTimeout as delay } from 'node:timers/promises';
import { LEASE_MS } from '../../src/revocation/revocation-heartbeat.js';
import { RevocationList } from '../../src/revocation/revocation-list.js';
import { readRevocationRow } from '../../src/revocation/revocation-row.js';
import { Session } from '../../src/sessions/session.entity.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, refresh, refreshed, signUp, type TestUser, withAccounts } from '../support/accounts.js';
import { Cable } from '../support/cable.js';
import { testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Instances } from '../support/instances.js';
import { figureIn } from '../support/metrics.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import type { RedisServer } from '../support/redis-server.js';
import { statementsOf } from '../support/statements.js';
import { ServerProcess } from '../support/server-process.js';
import type { TestServer } from '../support/test-server.js';

const REVOKED = 'UNAUTHENTICATED/TOKEN_REVOKED';
const STALE = 'UNAUTHENTICATED/TOKEN_STALE';

type Server = TestServer | ServerProcess;

let instances: Instances;
let here: TestServer;
let there: ServerProcess;
let redis: RedisServer;

async function start(...options: Parameters<typeof Instances.start>): Promise<void> {
  instances = await Instances.start(...options);
  ({ here, there, redis } = instances);
}

/** True when this request was let in by the database and not by the list. */
async function asksDatabase(server: Server, { accessToken, id }: TestUser): Promise<boolean> {
  const before = await databaseChecks(server);
  expect(await whoAmI(server, accessToken)).toBe(id);
  return (await databaseChecks(server)) > before;
}

async function databaseChecks(server: Server): Promise<number> {
  const exposition =
    server instanceof ServerProcess ? await server.metrics() : await server.app.get(Metrics).registry.metrics();
  return figureIn(exposition, 'revocation_checks_total', '{source="database"}');
}

const trusted = (server: Server, user: TestUser) =>
  eventually('the list is trusted', async () => !(await asksDatabase(server, user)));

const logOut = ({ accessToken }: TestUser) => here.call('mutation { logout }', {}, { token: accessToken });

// The list is for deployments of several instances, which PostgreSQL has.
(testEngine === 'postgres' ? describe : describe.skip)('the list of revocations in Redis', () => {
  describe('while all is well', () => {
    // Redis is late when a test makes it late, and not when the machine is busy.
    beforeAll(() => start({ REDIS_TIMEOUT_MS: '1000' }));
    afterAll(() => instances.stop());

    it('spares every instance the question to the database', async () => {
      const user = await signUp(here);
      await trusted(here, user);
      await trusted(there, user);
      const statements = await statementsOf(here, () => whoAmI(here, user.accessToken));
      expect(statements).toEqual([expect.stringMatching(/^select .* from users u where u\.id in \(\$1\)$/)]);
    });

    it('has a logout of one instance refused by the very next request to the other', async () => {
      const user = await signUp(here);
      await trusted(there, user);
      for (let round = 0; round < 50; round++) {
        const device = await logIn(round % 2 ? here : there, user.email);
        expect(await whoAmI(there, device.accessToken)).toBe(user.id);
        await logOut(device);
        expect(await whoAmI(there, device.accessToken)).toBe(REVOKED);
      }
      expect(await asksDatabase(there, user)).toBe(false);
    });

    it.each<[string, (user: TestUser) => Promise<unknown>, string]>([
      [
        'a session that its user ends elsewhere',
        async ({ email, sessionId }) =>
          here.call(
            'mutation ($id: ID!) { revokeSession(id: $id) }',
            { id: sessionId },
            {
              token: (await logIn(here, email)).accessToken,
            },
          ),
        REVOKED,
      ],
      [
        'all other sessions',
        async ({ email }) =>
          here.call('mutation { revokeOtherSessions }', {}, { token: (await logIn(here, email)).accessToken }),
        REVOKED,
      ],
      [
        'all sessions',
        async ({ email }) =>
          here.call(
            'mutation { logout(input: { everywhere: true }) }',
            {},
            { token: (await logIn(here, email)).accessToken },
          ),
        REVOKED,
      ],
      ['a disabled account', ({ email }) => withAccounts(here, (it) => it.disable(email, null)), REVOKED],
      ['changed roles', ({ email }) => withAccounts(here, (it) => it.setRoles(email, ['user', 'admin'])), STALE],
      [
        'a refresh token that is used again',
        async ({ refreshToken }) => {
          const next = await refreshed(here, refreshToken);
          await refreshed(here, next.refreshToken);
          expect(refusalOf(await refresh(here, refreshToken))).toBe('UNAUTHENTICATED/REFRESH_TOKEN_REUSED');
        },
        REVOKED,
      ],
    ])('knows %s at once', async (_, change, verdict) => {
      const user = await signUp(here);
      await trusted(there, user);
      await change(user);
      expect(await whoAmI(there, user.accessToken)).toBe(verdict);
      const stranger = await signUp(here);
      expect(await asksDatabase(there, stranger)).toBe(false);
    });

    it('holds nothing without an end, and nothing but what is documented', async () => {
      const user = await signUp(here);
      await trusted(there, user);
      await logOut(user);
      await withAccounts(here, async (accounts) => accounts.setRoles((await signUp(here)).email, ['user']));
      const keys = (await redis.command(0, 'KEYS', '*')) as string[];
      const patterns = new Set(keys.map((key) => key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID')));
      expect([...patterns].sort()).toEqual([
        '{revocations}:list',
        '{revocations}:session:ID',
        '{revocations}:time',
        '{revocations}:user:ID',
      ]);
      for (const key of keys) expect(await redis.command(0, 'TTL', key)).toBeGreaterThan(0);
    });

    it('is not asked by a server whose clock was moved', async () => {
      const user = await signUp(here);
      await trusted(here, user);
      here.clock.advance(60);
      expect(await asksDatabase(here, user)).toBe(true);
      await delay(LEASE_MS);
      here.clock.advance(-60);
      // Asked in the same tick: the next heartbeat may find all in order again.
      const claims = decodeJwt<{ sid: string; sub: string; iat: number; exp: number }>(user.accessToken);
      expect(await here.app.get(RevocationList).vouchesFor(claims)).toBe(false);
      await trusted(here, user);
    });

    it('is given up for changes that were made by hand', async () => {
      const [deleted, ended, changed] = [await signUp(here), await signUp(here), await signUp(here)];
      await trusted(there, changed);
      await here.em().nativeDelete(User, { id: deleted.id });
      await here.em().nativeUpdate(Session, { id: ended.sessionId }, { revokedAt: new Date() });
      await here.em().nativeUpdate(User, { id: changed.id }, { version: 2 });
      await delay(LEASE_MS);
      expect(await whoAmI(there, deleted.accessToken)).toBe(REVOKED);
      expect(await whoAmI(there, ended.accessToken)).toBe(REVOKED);
      expect(await whoAmI(there, changed.accessToken)).toBe(STALE);
    });
  });

  describe('when the time in Redis is no time of ours', () => {
    beforeEach(() => start());
    afterEach(() => instances.stop());

    const HOUR_MS = 3_600_000;
    const TIME_KEY = '{revocations}:time';
    const setTime = (value: number | string) => redis.command(0, 'SET', TIME_KEY, value);
    const storedTime = async () => Number(await redis.command(0, 'GET', TIME_KEY));
    const rowOf = async () => (await readRevocationRow(here.em())).list;
    const sinceOf = (list: string | null) => Number(list?.split(':')[1]) * 1000;

    it.each<[string, string | number]>([
      ['years ahead', 4_102_444_800_000],
      ['two days ahead', Date.now() + 48 * HOUR_MS],
      ['a number without end', '1e300'],
      ['no number', 'tomorrow'],
      ['below zero', '-1'],
    ])('(%s) it is forgotten, a new list begins once, and nobody who was revoked comes back', async (_, value) => {
      const [revoked, standing] = [await signUp(here), await signUp(here)];
      await trusted(there, standing);
      await logOut(revoked);
      const former = await rowOf();
      await setTime(value);
      await eventually('a new list', async () => (await rowOf()) !== former);
      await eventually('a time of ours', async () => Math.abs((await storedTime()) - Date.now()) < 5_000);
      const begun = await rowOf();
      expect(Math.abs(sinceOf(begun) - Date.now())).toBeLessThan(90_000);
      for (const server of [here, there]) {
        expect(await whoAmI(server, revoked.accessToken)).toBe(REVOKED);
        expect(await whoAmI(server, standing.accessToken)).toBe(standing.id);
      }
      await delay(5 * LEASE_MS);
      expect(await rowOf()).toBe(begun);
    });

    it.each([TIME_KEY, '{revocations}:list'])(
      '(%s of another type) it is removed, and a new list begins',
      async (key) => {
        const [revoked, standing] = [await signUp(here), await signUp(here)];
        await trusted(there, standing);
        await logOut(revoked);
        const former = await rowOf();
        await redis.command(0, 'EVAL', "redis.call('DEL', KEYS[1]) return redis.call('LPUSH', KEYS[1], 'x')", 1, key);
        await eventually('a new list', async () => ![null, former].includes(await rowOf()));
        await eventually('a text', async () => (await redis.command(0, 'TYPE', key)) === 'string');
        await eventually('the list of the row', async () => {
          return (await redis.command(0, 'GET', '{revocations}:list')) === (await rowOf());
        });
        expect(await whoAmI(there, standing.accessToken)).toBe(standing.id);
        expect(await whoAmI(there, revoked.accessToken)).toBe(REVOKED);
      },
    );

    it('(hours ahead) it is gone as soon as it is deleted, with the list that waits for it: no instance puts it back', async () => {
      await trusted(there, await signUp(here));
      await setTime(Date.now() + 2 * HOUR_MS);
      await delay(5 * LEASE_MS);
      expect(await storedTime()).toBeGreaterThan(Date.now() + HOUR_MS);
      expect(sinceOf(await rowOf())).toBeGreaterThan(Date.now() + HOUR_MS);
      await redis.command(0, 'DEL', TIME_KEY);
      await eventually('a time', async () => (await redis.command(0, 'EXISTS', TIME_KEY)) === 1);
      await delay(5 * LEASE_MS);
      expect(Math.abs((await storedTime()) - Date.now())).toBeLessThan(5_000);
      expect(Math.abs(sinceOf(await rowOf()) - Date.now())).toBeLessThan(90_000);
    });
  });

  describe('when Redis forgets', () => {
    beforeEach(() => start());
    afterEach(() => instances.stop());

    const FAULTS: [string, () => Promise<unknown>][] = [
      ['flushed', () => redis.command(0, 'FLUSHALL')],
      ['killed and started again', () => redis.kill().then(() => redis.start())],
      ['killed', () => redis.kill()],
      ['frozen', async () => redis.freeze()],
      [
        'told to evict',
        () => redis.command(0, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '64mb'),
      ],
      ['without its list', () => redis.command(0, 'DEL', '{revocations}:list')],
    ];

    it.each(FAULTS)('(%s) nobody who was revoked comes back, and nobody else is refused', async (_, fault) => {
      const [revoked, later, standing] = [await signUp(here), await signUp(here), await signUp(here)];
      await trusted(there, standing);
      await logOut(revoked);
      await fault();
      const both = [here, there];
      for (const server of both) expect(await whoAmI(server, revoked.accessToken)).toBe(REVOKED);
      for (const server of both) expect(await whoAmI(server, standing.accessToken)).toBe(standing.id);
      await logOut(later);
      for (const server of both) expect(await whoAmI(server, later.accessToken)).toBe(REVOKED);
      expect((await refreshed(there, standing.refreshToken)).id).toBe(standing.id);
      redis.thaw();
    });

    it('a new list knows nothing of the tokens before it, and is asked about none of them', async () => {
      const user = await signUp(here);
      await trusted(there, user);
      await redis.command(0, 'FLUSHALL');
      await eventually('a new list', async () => (await redis.command(0, 'EXISTS', '{revocations}:list')) === 1);
      await delay(LEASE_MS);
      expect(await asksDatabase(there, user)).toBe(true);
    });

    it('its list on another Redis, as a replica would have it, is not trusted', async () => {
      const user = await signUp(here);
      await trusted(there, user);
      const list = (await redis.command(0, 'GET', '{revocations}:list')) as string;
      await redis.kill();
      await redis.start();
      await redis.command(0, 'SET', '{revocations}:list', list, 'EX', 1000);
      await delay(LEASE_MS);
      expect(await asksDatabase(there, user)).toBe(true);
    });
  });

  describe('when one instance alone has lost Redis', () => {
    let cable: Cable;
    beforeEach(() =>
      start({}, async ({ url }) => {
        cable = await Cable.to(url);
        return [cable.through(url), url];
      }),
    );
    afterEach(async () => {
      await instances.stop();
      cable.close();
    });

    it.each<[string, () => void]>([
      ['unplugged', () => cable.close()],
      ['frozen', () => cable.freeze()],
    ])('what it revokes counts on the others by the next request (%s)', async (_, fault) => {
      const users = [await signUp(here), await signUp(here), await signUp(here)];
      for (const user of users) await trusted(there, user);
      fault();
      for (const user of users) {
        await logOut(user);
        expect(await whoAmI(there, user.accessToken)).toBe(REVOKED);
      }
    });
  });
});
