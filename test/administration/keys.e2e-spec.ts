import { AuditEvent } from '../../src/audit/audit-event.entity.js';
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

it('with HS256 there is no key to replace', async () => {
  const server = await TestServer.start({ env: { JWT_ALGORITHM: 'HS256' } });
  const root = await signUpWithRoles(server, 'admin');
  expect((await list(server, root)).data).toEqual({ signingKeys: [] });
  expect(refusalOf(await rotate(server, root))).toBe('CONFLICT');
  await server.stop();
});
