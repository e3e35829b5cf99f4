import fc from 'fast-check';
import { Readable } from 'node:stream';
import { readCsv } from '../../src/transfer/formats/csv.js';
import { readJsonLines } from '../../src/transfer/formats/json-lines.js';
import { readKeycloak } from '../../src/transfer/formats/keycloak.js';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { Role } from '../../src/roles/role.entity.js';
import { MAX_ROLES } from '../../src/roles/role-names.js';
import { User } from '../../src/users/user.entity.js';
import { tryLogin } from '../accounts/operations.js';
import { administer } from '../administration/operations.js';
import { newEmail, signUp, signUpConfirmed, signUpWithRoles } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { importFrom, importLines } from './import.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { DELETED_EMAIL_HOLD: '1d' } });
});
afterAll(() => server.stop());

const HASH = '$2b$04$scNPP.DWjk0aOV1MIRjSa.95t9Y9Nt/ZCby5zufLRj5/lqPCJc/l6';
/** Django's form: its salt is text. */
const djangoHash = (salt: string): string => `pbkdf2_sha256$1000$${salt}$${'a'.repeat(43)}=`;
const SECRET = 'correct horse battery staple';

const find = (email: string): Promise<User | null> =>
  server.em().findOne(User, { email }, { populate: ['roles', 'passwordHash'] });
const count = (): Promise<number> => server.em().count(User);
const rolesOf = async (email: string): Promise<string[] | undefined> =>
  (await find(email))?.roles
    .getItems()
    .map(({ name }) => name)
    .sort();
const created = (line: number) => ({ line, outcome: 'created' });
const present = (line: number) => ({ line, outcome: 'present' });
const refused = (line: number, reason: string) => ({ line, outcome: 'refused', reason });

const BAD_LINES: readonly (readonly [what: string, line: unknown, reason: string])[] = [
  ['no JSON', '{"email": "x@example.com"', 'can not be read'],
  ['a list', '[1]', 'can not be read'],
  ['a text', '"user"', 'can not be read'],
  ['nothing in it', {}, 'email must be an e-mail address'],
  ['no address', { email: SECRET }, 'email must be an e-mail address'],
  [
    'too long an address',
    { email: `${'a'.repeat(64)}@${'b.'.repeat(100)}example.com` },
    'email must be an e-mail address',
  ],
  [
    'a password instead of a hash',
    { email: 'bad@example.com', passwordHash: SECRET },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ],
  [
    'a hash that costs too much',
    { email: 'bad@example.com', passwordHash: HASH.replace('$04$', '$31$') },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ],
  [
    'a hash that costs too much by the length of its digest',
    { email: 'bad@example.com', passwordHash: `$pbkdf2$2000000$c2FsdA$${'a'.repeat(86)}` },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ],
  [
    'a hash that no server can have made',
    { email: 'bad@example.com', passwordHash: `$scrypt$ln=16,r=1,p=1$c2FsdA$${'a'.repeat(43)}` },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ],
  [
    'a hash that the database could not hold',
    { email: 'bad@example.com', passwordHash: `$argon2id$v=19$m=64,t=1,p=1$${'a'.repeat(500)}$${'a'.repeat(43)}` },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ],
  ...['a\0b', '\ud83d'].map((salt): [string, unknown, string] => [
    `a hash that no database holds, with ${JSON.stringify(salt)}`,
    { email: 'bad@example.com', passwordHash: djangoHash(salt) },
    'passwordHash is of no known scheme, damaged, or too costly to check',
  ]),
  [
    'more roles than anybody has',
    { email: 'bad@example.com', roles: Array.from({ length: MAX_ROLES + 1 }, (_, index) => `role-${String(index)}`) },
    'roles must not be more than 20 roles, with names of 1000 characters together',
  ],
  ['a hash that is no text', { email: 'bad@example.com', passwordHash: [SECRET] }, 'passwordHash must be a text'],
  [
    'a role that does not exist',
    { email: 'bad@example.com', roles: ['user', 'owner'] },
    'roles names a role that does not exist',
  ],
  ['a role with a NUL', { email: 'bad@example.com', roles: 'a\0b' }, 'roles names a role that does not exist'],
  [
    'too long a name',
    { email: 'bad@example.com', name: 'n'.repeat(201) },
    'name must not be longer than 200 characters',
  ],
  ['a name with a NUL', { email: 'bad@example.com', name: 'a\0b' }, 'name must hold visible characters only'],
  ['half an emoji', { email: 'bad@example.com', name: '\ud83d' }, 'name must hold visible characters only'],
  ['no moment', { email: 'bad@example.com', createdAt: 'yesterday' }, 'createdAt must be a moment since 1970'],
  [
    'a moment beyond the calendar',
    { email: 'bad@example.com', createdAt: 8e15 },
    'createdAt must be a moment since 1970',
  ],
  [
    'neither true nor false',
    { email: 'bad@example.com', emailVerified: 'maybe' },
    'emailVerified must be true or false',
  ],
  [
    'an external id with a NUL',
    { email: 'bad@example.com', externalId: 'a\0b' },
    'externalId must have 1 to 255 characters and no NUL',
  ],
  [
    'several faults',
    { email: 'bad', name: 'n'.repeat(201) },
    'email must be an e-mail address; name must not be longer than 200 characters',
  ],
];

describe('a line that is wrong', () => {
  it.each(BAD_LINES)(
    '(%s) is reported by number and reason, and the others become accounts',
    async (_what, line, reason) => {
      const [before, after] = [newEmail(), newEmail()];
      const outcomes = await importLines(server, [{ email: before }, '', line, { email: after }]);
      expect(outcomes).toEqual([created(1), refused(3, reason), created(4)]);
      expect(JSON.stringify(outcomes)).not.toContain(SECRET);
      expect(await find('bad@example.com')).toBeNull();
    },
  );

  it('of CSV does not take its neighbours with it', async () => {
    const [first, last] = [newEmail(), newEmail()];
    const text = [
      '\ufeffemail,name,note',
      `${first},"Ada, Countess",`,
      'x@example.com,too,many,cells',
      '"x"y,z,',
      `${last},,"of\ntwo lines"`,
      '',
    ].join('\r\n');
    const outcomes = await importFrom(server, { read: readCsv, file: Readable.from([Buffer.from(text)]) });
    expect(outcomes).toEqual([
      created(2),
      refused(3, 'can not be read'),
      refused(4, 'email must be an e-mail address'),
      created(6),
    ]);
    expect((await find(first))?.name).toBe('Ada, Countess');
  });

  it('ends where JSON Lines end it, and nowhere else', async () => {
    const [first, second] = [newEmail(), newEmail()];
    const text = `\ufeff${JSON.stringify({ email: first, name: 'One\u2028two' })}\r\n${JSON.stringify({ email: second })}`;
    const outcomes = await importFrom(server, { read: readJsonLines, file: Readable.from([Buffer.from(text)]) });
    expect(outcomes).toEqual([created(1), created(2)]);
    expect((await find(first))?.name).toBe('One\u2028two');
  });

  it('may be anything at all: no line stops an import', async () => {
    const anyText = fc.string({ unit: fc.oneof(fc.constantFrom('\0', '\ud83d', '\u0085', "'"), fc.string()) });
    const anySalt = anyText.filter((text) => text !== '' && !text.includes('$'));
    const anyLine = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/\r?\n/g, ' ')),
      fc.json(),
      fc
        .record(
          {
            email: fc.oneof(fc.emailAddress(), fc.anything()),
            passwordHash: fc.oneof(anySalt.map(djangoHash), fc.anything()),
            name: fc.oneof(anyText, fc.anything()),
            roles: fc.oneof(fc.array(anyText), fc.anything()),
            createdAt: fc.anything(),
            externalId: fc.oneof(anyText, fc.anything()),
            locale: fc.oneof(anyText, fc.anything()),
            disabled: fc.anything(),
          },
          { requiredKeys: [] },
        )
        .map((user) =>
          JSON.stringify(user, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
        ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 20 }), async (lines) => {
        const email = newEmail();
        const outcomes = await importLines(server, [...lines, { email }]);
        expect(outcomes.at(-1)).toEqual(created(lines.length + 1));
        expect(await find(email)).not.toBeNull();
      }),
      { numRuns: 60 },
    );
  });
});

describe('an account that is there', () => {
  it('by its external id stays as it has become, and the import can be run again', async () => {
    const email = newEmail();
    const line = { email, passwordHash: HASH, name: 'Ada', externalId: `again-${email}` };
    expect(await importLines(server, [line])).toEqual([created(1)]);
    await server.em().nativeUpdate(User, { email }, { name: 'Countess' });
    const before = await count();
    expect(await importLines(server, [{ ...line, name: 'Grace', passwordHash: null }])).toEqual([present(1)]);
    expect(await find(email)).toMatchObject({ name: 'Countess', passwordHash: HASH });
    expect(await count()).toBe(before);
  });

  it('by its address is nobody whom a file could take over', async () => {
    const user = await signUp(server);
    const { passwordHash } = (await find(user.email)) ?? {};
    const line = { email: ` ${user.email.toUpperCase()}`, passwordHash: HASH, roles: ['admin'], externalId: 'mine' };
    expect(await importLines(server, [line])).toEqual([refused(1, 'email belongs to an account')]);
    const now = await find(user.email);
    expect(now?.passwordHash).toBe(passwordHash);
    expect(now?.externalId).toBeNull();
    expect(now?.roles.getItems().map(({ name }) => name)).toEqual(['user']);
  });

  it('no more, but holds its address for its owner', async () => {
    const root = await signUpWithRoles(server, 'admin');
    const user = await signUpConfirmed(server);
    expect((await administer(server, root.accessToken).delete(user.id)).errors).toEqual([]);
    expect(await importLines(server, [{ email: user.email }])).toEqual([refused(1, 'email belongs to an account')]);
  });

  it('is the first of two of the same address or external id', async () => {
    const [email, other] = [newEmail(), newEmail()];
    const lines = [
      { email, externalId: `one-${email}` },
      { email, externalId: `two-${email}` },
      { email: other, externalId: `one-${email}` },
    ];
    const twice = 'email or externalId is in the file twice';
    const outcomes = [created(1), refused(2, twice), refused(3, twice)];
    expect(await importLines(server, lines, { dryRun: true })).toEqual(outcomes);
    expect(await importLines(server, lines)).toEqual(outcomes);
    expect(await find(other)).toBeNull();
  });
});

it('takes a hash whose salt holds any text that a database does', async () => {
  const email = newEmail();
  const passwordHash = djangoHash("sälz' \u{1f9c2}");
  expect(await importLines(server, [{ email, passwordHash }])).toEqual([created(1)]);
  expect(await find(email)).toMatchObject({ passwordHash });
});

describe('a dry run', () => {
  it('says what would become of each line, and changes nothing', async () => {
    const email = newEmail();
    const before = await count();
    expect(await importLines(server, [{ email }, 'x', { email }], { dryRun: true })).toEqual([
      created(1),
      refused(2, 'can not be read'),
      refused(3, 'email or externalId is in the file twice'),
    ]);
    expect(await count()).toBe(before);
    expect(await importLines(server, [{ email }])).toEqual([created(1)]);
  });
});

it('gives the roles that a line names, those of a sign-up where it names none, and none where it says so', async () => {
  const emails = [newEmail(), newEmail(), newEmail()] as const;
  await importLines(server, [
    { email: emails[0], roles: 'user, admin', emailVerified: true },
    { email: emails[1], roles: null },
    { email: emails[2], roles: [] },
  ]);
  expect(await Promise.all(emails.map(rolesOf))).toEqual([['admin', 'user'], ['user'], []]);
});

describe('a role besides `user` for an address that is not confirmed', () => {
  const UNCONFIRMED = 'roles names more than `user`, and emailVerified is not true: see --unconfirmed';

  it.each([
    ['json-lines', { emailVerified: false }],
    ['json-lines, which does not say', {}],
    ['json-lines, in words', { emailVerified: 'no' }],
  ])('is refused with its line (%s), in a dry run as well', async (_format, facts) => {
    const [confirmed, unconfirmed, plain] = [newEmail(), newEmail(), newEmail()];
    const lines = [
      { email: confirmed, roles: ['admin'], emailVerified: true },
      { email: unconfirmed, roles: ['user', 'admin'], ...facts },
      { email: plain, roles: ['user'], ...facts },
    ];
    const outcomes = [created(1), refused(2, UNCONFIRMED), created(3)];
    expect(await importLines(server, lines, { dryRun: true })).toEqual(outcomes);
    expect(await importLines(server, lines)).toEqual(outcomes);
    expect(await find(unconfirmed)).toBeNull();
    expect([await rolesOf(confirmed), await rolesOf(plain)]).toEqual([['admin'], ['user']]);
  });

  it('is refused with its line of CSV', async () => {
    const email = newEmail();
    const text = `email,roles,emailVerified\n${email},user admin,f\n`;
    const outcomes = await importFrom(server, { read: readCsv, file: Readable.from([Buffer.from(text)]) });
    expect([outcomes, await find(email)]).toEqual([[refused(2, UNCONFIRMED)], null]);
  });

  it('is given where the operator says so', async () => {
    const email = newEmail();
    const line = { email, roles: ['user', 'admin'], emailVerified: false };
    for (const dryRun of [{ dryRun: true } as const, {}]) {
      expect(await importLines(server, [line], { unconfirmed: true, ...dryRun })).toEqual([created(1)]);
    }
    expect([await rolesOf(email), (await find(email))?.emailVerified]).toEqual([['admin', 'user'], false]);
  });
});

it('takes many users with as many roles as anybody holds', async () => {
  const names = Array.from({ length: MAX_ROLES }, (_, index) => `many-${String(index)}`);
  const em = server.em();
  for (const name of names) em.create(Role, { name, permissions: [], createdAt: new Date() });
  await em.flush();
  const lines = Array.from({ length: 500 }, () => ({ email: newEmail(), roles: names, emailVerified: true }));
  expect(new Set((await importLines(server, lines)).map(({ outcome }) => outcome))).toEqual(new Set(['created']));
  const user = await find(lines[499]?.email ?? '');
  expect(user?.roles.length).toBe(MAX_ROLES);
});

it('leaves an event for each transaction, with the number of accounts and of roles besides `user`, and nothing else of them', async () => {
  const admin = { email: newEmail(), roles: ['user', 'admin'], emailVerified: true };
  await importLines(server, [{ email: newEmail() }, admin, { email: 'none' }]);
  const [event] = await server
    .em()
    .find(AuditEvent, { type: 'users.imported' }, { orderBy: { at: 'desc', id: 'desc' }, limit: 1 });
  expect(event).toMatchObject({ actorId: null, subjectId: null, details: { users: 2, roles: { admin: 1 } } });
});

it.each([
  ['of an unknown algorithm', [{ type: 'password', secretData: '{}', credentialData: '{"algorithm":"md5"}' }]],
  ['whose parts are no JSON', [{ type: 'password', secretData: 'x', credentialData: 'x' }]],
  ['of an old form', [{ hashedSaltedValue: 'x', salt: 'x' }]],
])('does not let a password of Keycloak %s become an account without one', async (_what, credentials) => {
  const text = JSON.stringify({ users: [{ email: 'bad@example.com', credentials }] });
  const outcomes = await importFrom(server, { read: readKeycloak, file: Readable.from([Buffer.from(text)]) });
  expect(outcomes).toEqual([refused(1, 'passwordHash is of no known scheme, damaged, or too costly to check')]);
  expect(await find('bad@example.com')).toBeNull();
});

it('is refused where the document is broken, after what came before it', async () => {
  const email = newEmail();
  const whole = Array.from({ length: 500 }, (_, index) => ({ email: index === 0 ? email : newEmail() }));
  const text = JSON.stringify({ users: whole }).replace(/]}$/, ',{"email":');
  const run = importFrom(server, { read: readKeycloak, file: Readable.from([Buffer.from(text)]) });
  await expect(run).rejects.toThrow('file must be one JSON document with a list of users');
  expect(await find(email)).not.toBeNull();
});

it('costs this process less than a minute of CPU for 100,000 users with hashes, measured with 20,000', async () => {
  const prefix = newEmail();
  const lines = Array.from({ length: 20_000 }, (_, index) => ({
    email: `${String(index)}-${prefix}`,
    passwordHash: HASH,
    externalId: `${String(index)}-${prefix}`,
  }));
  const begin = process.cpuUsage();
  const outcomes = await importLines(server, lines);
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1e6).toBeLessThan(60 / 5);
  expect(outcomes.every(({ outcome }) => outcome === 'created')).toBe(true);
  expect((await tryLogin(server, `0-${prefix}`, 'no')).data).toBeNull();
});
