import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { KeyRotation } from '../../src/keys/key-rotation.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf, whoAmI } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { ask } from './operations.js';

interface Key {
  kid: string;
  algorithm: string;
  state: string;
  createdAt: string;
  activeFrom: string;
  retiredAt: string | null;
}

const KEY = '{ kid algorithm state createdAt activeFrom retiredAt }';
const list = (server: TestServer, { accessToken }: TestUser) =>
  ask<Key[]>(server, accessToken, `{ signingKeys ${KEY} }`);
const rotate = (server: TestServer, { accessToken }: TestUser) =>
  ask<Key>(server, accessToken, `mutation { rotateSigningKey ${KEY} }`);

it('signing keys are listed and replaced, and no token is refused by it', async () => {
  const server = await TestServer.start();
  const root = await signUpWithRoles(server, 'admin');
  const [active, ...none] = (await list(server, root)).data?.['signingKeys'] ?? [];
  expect([active, none]).toEqual([
    {
      kid: expect.any(String),
      algorithm: 'ES256',
      state: 'ACTIVE',
      createdAt: expect.any(String),
      activeFrom: expect.any(String),
      retiredAt: null,
    },
    [],
  ]);
  const { data } = await rotate(server, root);
  const next = data?.['rotateSigningKey'];
  expect(next).toMatchObject({ algorithm: 'ES256', state: 'PUBLISHED', retiredAt: null });
  expect(new Date(next?.activeFrom ?? 0).getTime()).toBeGreaterThan(server.clock.now().getTime());
  expect((await list(server, root)).data?.['signingKeys']).toEqual([next, active]);
  expect(await whoAmI(server, root.accessToken)).toBe(root.id);
  const [event] = await server.em().find(AuditEvent, { type: 'key.rotated' });
  expect(event).toMatchObject({ actorId: root.id, sessionId: root.sessionId, details: { kid: next?.kid } });
  await server.stop();
});

it('of all the keys that were replaced the newest hundred are listed', async () => {
  const server = await TestServer.start({ env: { JOBS_ENABLED: 'false' } });
  const root = await signUpWithRoles(server, 'admin');
  const { kid: active, ...stored } = await server.em().findOneOrFail(SigningKey, { retiredAt: null });
  const { algorithm, publicJwk, wrappedPrivateKey, createdAt, activeFrom } = stored;
  const former = Array.from({ length: 120 }, (_, index) => ({
    ...{ kid: `former-${String(index)}`, algorithm, publicJwk, wrappedPrivateKey, createdAt, retiredAt: activeFrom },
    ...{ generation: 1_000 + index, activeFrom: new Date(activeFrom.getTime() - (index + 1) * 1_000) },
  }));
  await server.em().insertMany(SigningKey, former);
  const { data } = await list(server, root);
  const expected = [active, ...former.slice(0, 99).map(({ kid }) => kid)];
  expect(data?.['signingKeys']?.map(({ kid }) => kid)).toEqual(expected);
  await server.stop();
});

it('with HS256 there is no key to replace', async () => {
  const server = await TestServer.start({ env: { JWT_ALGORITHM: 'HS256' } });
  const root = await signUpWithRoles(server, 'admin');
  expect((await list(server, root)).data).toEqual({ signingKeys: [] });
  expect(refusalOf(await rotate(server, root))).toBe('CONFLICT');
  await server.stop();
});

it('every key that is made or revoked stands in the trail, whoever did it, or nothing has happened', async () => {
  const server = await TestServer.start({ env: { JOBS_ENABLED: 'false', KEY_ROTATION_INTERVAL: '1d' } });
  const rotation = server.app.get(KeyRotation);
  const [first] = await rotation.list();
  const eventsOfKeys = async () =>
    (await server.em().find(AuditEvent, { type: { $in: ['key.rotated', 'key.revoked'] } }, { orderBy: { id: 'asc' } }))
      // The id of an event has the time of the clock.
      .map(({ type, actorId, details }) => ({ type, actorId, details }));
  const operators = (type: string, details: object) => ({ type, actorId: null, details });
  expect(await eventsOfKeys()).toEqual([]);

  const second = await rotation.rotate();
  const expected = [operators('key.rotated', { kid: second.kid })];
  expect(await eventsOfKeys()).toEqual(expected);

  await rotation.revoke(first?.kid ?? '');
  const [third] = await rotation
    .list()
    .then((keys) => keys.filter(({ kid }) => ![first?.kid, second.kid].includes(kid)));
  expected.push(operators('key.revoked', { kid: first?.kid }), operators('key.rotated', { kid: third?.kid }));
  expect(await eventsOfKeys()).toEqual(expected);
  await expect(rotation.revoke(first?.kid ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await eventsOfKeys()).toEqual(expected);

  server.clock.advance(86_400);
  await server.app.get(JobRunner).runDue();
  const [fourth] = await rotation.list();
  expected.push(operators('key.rotated', { kid: fourth?.kid, scheduled: true }));
  expect(await eventsOfKeys()).toEqual(expected);

  await server.em().execute('alter table audit_events rename to gone');
  const keys = await server.em().count(SigningKey, { retiredAt: null });
  await expect(rotation.rotate()).rejects.toThrow();
  await expect(rotation.revoke(second.kid)).rejects.toThrow();
  expect(await server.em().count(SigningKey, { retiredAt: null })).toBe(keys);
  await server.stop();
});
