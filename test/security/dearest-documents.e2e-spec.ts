import { GraphQLSchemaHost } from '@nestjs/graphql';
import { cpuUsage, memoryUsage } from 'node:process';
import { PERMISSIONS } from '../../src/access/permissions.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { newId } from '../../src/common/ids.js';
import { DOCUMENT_LIMITS, MAX_ERRORS } from '../../src/graphql/document-limits.js';
import { MAX_LISTED_KEYS } from '../../src/keys/key-rotation.js';
import { SigningKey } from '../../src/keys/signing-key.entity.js';
import { MAX_ADDED_ROLES, MAX_ROLES } from '../../src/roles/role-names.js';
import { Role } from '../../src/roles/role.entity.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { DEAR_DOCUMENTS } from '../../src/throttle/limits.js';
import { newEmail, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { type DearDocument, dearestDocuments, isOpen } from './support/dearest-documents.js';

/** Of this process, for one document, client and server together. A hundred times what a document of a frontend costs. */
const MAX_CPU_MS = 3000;
const MAX_GROWTH = 200_000_000;
const MAX_ANSWER = 8_000_000;

const SESSIONS = 100;
/** As the longest that is kept, and as Bowser has most to do with. */
const AGENT =
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36${' x'.repeat(200)}`.slice(
    0,
    500,
  );

let server: TestServer;
let admin: TestUser;
let user: TestUser;
beforeAll(async () => {
  server = await TestServer.start({ env: { MAX_SESSIONS_PER_USER: String(SESSIONS) } });
  user = await signUp(server);
  const em = server.em();
  const createdAt = new Date();
  // With `admin` and `user` as many as one account can hold.
  const all = Array.from({ length: MAX_ADDED_ROLES }, (_, index) => `role-of-some-department-${String(index)}`);
  await em.insertMany(
    Role,
    all.map((name) => ({ name, permissions: [...PERMISSIONS], createdAt })),
  );
  const names = all.slice(0, MAX_ROLES - 2);
  admin = await signUpWithRoles(server, 'admin', ...names);
  await em.insertMany(
    User,
    Array.from({ length: 100 }, () => ({ id: newId(), email: newEmail(), createdAt })),
  );
  await em.execute(
    `insert into user_roles (user_id, role_name) select u.id, r.name from users u, roles r
      where r.name in (${names.map(() => '?').join()}) on conflict do nothing`,
    names,
  );
  await replaceKeys();
  await fill(admin);
  await fill(user);
});
afterAll(() => server.stop());

/** So often that the list of keys is full. */
async function replaceKeys(): Promise<void> {
  const em = server.em();
  const { kid, generation, activeFrom, ...key } = await em.findOneOrFail(SigningKey, { retiredAt: null });
  const { algorithm, publicJwk, wrappedPrivateKey, createdAt } = key;
  await em.insertMany(
    SigningKey,
    Array.from({ length: MAX_LISTED_KEYS }, (_, index) => ({
      ...{
        kid: kid.slice(3) + String(100 + index),
        generation: generation + 1 + index,
        algorithm,
        publicJwk,
        createdAt,
      },
      ...{ wrappedPrivateKey, retiredAt: createdAt, activeFrom: new Date(activeFrom.getTime() - 1_000 * index) },
    })),
  );
}

/** The lists of a user are as full as the settings allow, and a tenth of the sessions are those of somebody who acts as them. */
async function fill({ id: userId, sessionId }: TestUser): Promise<void> {
  const em = server.em();
  const { refreshSalt, createdAt, lastActiveAt, rotatedAt, expiresAt, authMethods } = await em.findOneOrFail(
    Session,
    sessionId,
  );
  const moments = { createdAt, lastActiveAt, rotatedAt, expiresAt };
  await em.insertMany(
    Session,
    Array.from({ length: SESSIONS - 1 }, (_, index) => ({
      ...{ id: newId(), user: userId, refreshSalt, refreshCounter: 0, authMethods, ipAddress: '192.0.2.1', ...moments },
      ...{ userAgent: AGENT, ...(index % 10 === 0 && { impersonatorId: admin.id }) },
    })),
  );
  await em.insertMany(
    AuditEvent,
    Array.from({ length: SESSIONS }, () => ({
      ...{ id: newId(), at: createdAt, type: 'user.logged_in' as const, actorId: userId, subjectId: userId },
      ...{ sessionId, ipAddress: '192.0.2.1', userAgent: AGENT, details: { method: 'password' } },
    })),
  );
}

async function assertBounded(document: DearDocument, by: TestUser): Promise<void> {
  const before = memoryUsage().rss;
  let { cpuMs, text, errors } = await askOnce(document, by);
  // What the process does beside it, such as collecting the garbage of other tests, can only add to it: the least of three counts.
  for (let round = 1; round < 3 && cpuMs >= MAX_CPU_MS; round++)
    ({ cpuMs, text, errors } = await askOnce(document, by));
  expect(errors.map(({ extensions }) => extensions.code).filter((code) => code !== 'FORBIDDEN')).toEqual([]);
  expect(cpuMs).toBeLessThan(MAX_CPU_MS);
  expect(memoryUsage().rss - before).toBeLessThan(MAX_GROWTH);
  expect(text.length).toBeLessThan(MAX_ANSWER);
  expect(errors.length).toBeLessThanOrEqual(MAX_ERRORS);
}

/** The answer, and what it cost: CPU of this process in milliseconds. */
async function askOnce({ query }: DearDocument, { accessToken }: TestUser) {
  const before = cpuUsage();
  const { text, errors } = await server.call(query, {}, { token: accessToken });
  const { user: own, system } = cpuUsage(before);
  return { cpuMs: (own + system) / 1000, text, errors };
}

describe('the dearest document that passes', () => {
  it('asks for nearly as much as a document may', async () => {
    const documents = dearestDocuments(schemaOf(server), server.env);
    const lists = documents.filter(({ name }) => /sessions|nodes|edges/.test(name));
    expect(lists.length).toBeGreaterThan(30);
    for (const { complexity } of lists) expect(complexity).toBeGreaterThan(DOCUMENT_LIMITS.complexity * 0.9);
  });

  it('of a user who is refused its fields is answered, within bounds', async () => {
    // What the others cost, those of an administrator show.
    const documents = dearestDocuments(schemaOf(server), server.env, isOpen).filter(({ isRefused }) => isRefused);
    expect(documents.map(({ name }) => name)).toContainEqual(expect.stringMatching(/impersonatedBy$/));
    for (const document of documents) await assertBounded(document, user);
  });

  it('of an administrator is answered, within bounds', async () => {
    const documents = dearestDocuments(schemaOf(server), server.env);
    for (const document of documents.filter(({ complexity }) => complexity > DEAR_DOCUMENTS.from)) {
      await assertBounded(document, admin);
    }
  });
});

describe('an answer', () => {
  const refused = (count: number) => `{ ${times(count, (i) => `s${String(i)}: mySessions { impersonatedBy }`)} }`;

  it('holds a hundred errors and no more; what is refused after them is null', async () => {
    const { data, errors } = await server.call<Record<string, object[]>>(refused(3), {}, { token: user.accessToken });
    expect(Object.values(data ?? {}).flat()).toEqual(
      Array.from({ length: 3 * SESSIONS }, () => ({ impersonatedBy: null })),
    );
    expect(errors).toHaveLength(MAX_ERRORS);
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['FORBIDDEN']));
  });

  it('is the same for one error less than that', async () => {
    const { errors } = await server.call('{ mySessions { impersonatedBy } }', {}, { token: user.accessToken });
    expect(errors).toHaveLength(SESSIONS);
  });
});

it('fragments that multiply the sessions of a user are refused before anything is read', async () => {
  const query = `{ ${times(25, (i) => `a${String(i)}: mySessions { ...F }`)} }
    fragment F on Session { ${times(25, (i) => `d${String(i)}: impersonatedBy`)} }`;
  const { status, errors } = await server.call(query, {}, { token: user.accessToken });
  expect([status, errors.map(({ message }) => message)]).toEqual([
    400,
    ['The document exceeds a limit: complexity, at most 10000.'],
  ]);
});

const schemaOf = ({ app }: TestServer) => app.get(GraphQLSchemaHost).schema;
const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');
