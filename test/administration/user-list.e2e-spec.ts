import fc from 'fast-check';
import { User } from '../../src/users/user.entity.js';
import { MAX_COUNT } from '../../src/users/user-list.service.js';
import { newId } from '../../src/common/ids.js';
import { signUpWithRoles, type TestUser } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { statementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';
import { makeRole, signUpWithPermissions } from './operations.js';

let server: TestServer;
let admin: TestUser;
let role: string;
const MOMENT = new Date('2026-01-01T00:00:00.000Z').getTime();

/** Some of them equal in what they are ordered by. */
function person(index: number) {
  const [first, last] = [
    ['Ada', 'Grace', 'Édith', 'Alan', 'Barbara'][index % 5],
    ['Lovelace', 'Hopper', 'Clarke'][index % 3],
  ];
  return {
    id: newId(),
    email: `${String(first).toLowerCase().normalize('NFD').replace(/\p{M}/gu, '')}.${index}@${index % 2 ? 'example.com' : 'a_b.example.org'}`,
    name: index % 7 === 0 ? null : `${String(first)} ${String(last)}`,
    emailVerified: index % 4 === 0,
    createdAt: new Date(MOMENT + Math.floor(index / 3) * 1000),
    lastLoginAt: index % 3 === 0 ? null : new Date(MOMENT + Math.floor(index / 5) * 1000),
    disabledAt: index % 6 === 0 ? new Date(MOMENT) : null,
    version: 1,
  };
}

beforeAll(async () => {
  server = await TestServer.start();
  role = await makeRole(server, 'audit:read');
  const em = server.em();
  for (let index = 0; index < 60; index++) {
    em.create(User, { ...person(index), roles: index % 10 === 0 ? [role, 'user'] : ['user'] });
  }
  await em.flush();
  admin = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

interface Answer {
  edges: { cursor: string; node: { id: string } }[];
  nodes: { id: string; email: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  totalCount: number;
}

const QUERY = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { id } } nodes { id email } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

const list = (variables: object) =>
  server.call<{ users: Answer }>(QUERY, { ...variables }, { token: admin.accessToken });

async function users(variables: object): Promise<Answer> {
  const { data, errors } = await list(variables);
  expect(errors).toEqual([]);
  if (!data) throw new Error('no data');
  return data.users;
}

const emailsOf = ({ nodes }: Answer): string[] => nodes.map(({ email }) => email);

/** Every page, one after the other. */
async function walk(variables: object, size: number, way: 'forward' | 'backward'): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page: Answer = await users({
      ...variables,
      ...(way === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor }),
    });
    const emails = emailsOf(page);
    if (way === 'forward') found.push(...emails);
    else found.unshift(...emails);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
    if (!(way === 'forward' ? hasNextPage : hasPreviousPage)) return found;
    cursor = way === 'forward' ? endCursor : startCursor;
  }
}

type Stored = Pick<User, 'id' | 'email' | 'createdAt' | 'lastLoginAt'>;
const by =
  (...keys: ((user: Stored) => number | string)[]) =>
  (a: Stored, b: Stored) => {
    for (const key of keys) {
      const [x, y] = [key(a), key(b)];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
const created = ({ createdAt }: Stored) => createdAt.getTime();
const seen = ({ lastLoginAt }: Stored) => lastLoginAt?.getTime() ?? -Infinity;

const ORDERS = {
  CREATED_AT_ASC: by(created, ({ id }) => id),
  CREATED_AT_DESC: (a: Stored, b: Stored) => by(created, ({ id }) => id)(b, a),
  LAST_LOGIN_DESC: (a: Stored, b: Stored) => by(seen, ({ id }) => id)(b, a),
};

describe('the list of users', () => {
  describe.each(Object.entries(ORDERS))('in the order %s', (orderBy, compare) => {
    it('has every user once, whatever the size of its pages and the way through them', async () => {
      const expected = (await server.em().find(User, {})).sort(compare).map(({ email }) => email);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 100 }),
          fc.constantFrom('forward', 'backward'),
          async (size, way) => {
            expect(await walk({ orderBy }, Math.max(size, 3), way)).toEqual(expected);
          },
        ),
        { numRuns: 6 },
      );
    });
  });

  it('is in the order of the database by address, the same both ways', async () => {
    const all = await server.em().find(User, {}, { orderBy: { email: 'asc' } });
    const expected = all.map(({ email }) => email);
    expect(await walk({ orderBy: 'EMAIL_ASC' }, 7, 'forward')).toEqual(expected);
    expect(await walk({ orderBy: 'EMAIL_ASC' }, 7, 'backward')).toEqual(expected);
  });

  it('begins with the newest 20, and says what is behind', async () => {
    const page = await users({});
    expect(page.nodes).toHaveLength(20);
    expect(page.edges.map(({ node }) => node.id)).toEqual(page.nodes.map(({ id }) => id));
    expect(page.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: page.edges[0]?.cursor,
      endCursor: page.edges.at(-1)?.cursor,
    });
    const next = await users({ first: 100, after: page.pageInfo.endCursor });
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(page.nodes.length + next.nodes.length).toBe(page.totalCount);
    expect(next.totalCount).toBe(page.totalCount);
  });

  it('shows nobody twice and leaves nobody out while users are added', async () => {
    const before = new Set(await walk({}, 100, 'forward'));
    const found: string[] = [];
    let after: string | null = null;
    for (let index = 1000; index < 1010; index++) {
      const page: Answer = await users({ first: 10, after });
      found.push(...emailsOf(page));
      after = page.pageInfo.endCursor;
      const em = server.em();
      // In front of the page, and behind it.
      em.create(User, { ...person(index), createdAt: new Date(), roles: ['user'] });
      em.create(User, { ...person(index + 100), createdAt: new Date(MOMENT - index), roles: ['user'] });
      await em.flush();
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(new Set(found).size).toBe(found.length);
    expect([...before].filter((email) => !found.includes(email))).toEqual([]);
  });

  it('has an empty page without cursors', async () => {
    expect(await users({ filter: { search: 'nobody at all' } })).toEqual({
      edges: [],
      nodes: [],
      totalCount: 0,
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it.each([
    [{ first: 0 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ last: -1 }, 'last'],
    [{ first: 1, last: 1 }, 'last'],
    [{ last: 1, after: 'x' }, 'after'],
    [{ first: 1, before: 'x' }, 'before'],
    [{ after: 'garbage' }, 'after'],
    [{ after: Buffer.from('["2026-01-01T00:00:00.000Z","no id"]').toString('base64url') }, 'after'],
    [{ after: Buffer.from(`[null,"${newId()}"]`).toString('base64url') }, 'after'],
    [{ before: Buffer.from(`["2026-13-01T00:00:00.000Z","${newId()}"]`).toString('base64url') }, 'before'],
    [{ after: Buffer.from(`["\\u0000","${newId()}"]`).toString('base64url'), orderBy: 'EMAIL_ASC' }, 'after'],
    [{ filter: { search: 'x'.repeat(101) } }, 'filter.search'],
  ])('refuses %j and names %s', async (variables, path) => {
    const answer = await list(variables);
    expect(refusalOf(answer)).toBe('BAD_USER_INPUT');
    expect(answer.errors[0]?.extensions.fields?.map((field) => field.path)).toEqual([path]);
  });

  it('refuses a cursor of another order', async () => {
    const { pageInfo } = await users({ orderBy: 'EMAIL_ASC', first: 3 });
    expect(refusalOf(await list({ first: 3, after: pageInfo.endCursor }))).toBe('BAD_USER_INPUT');
  });
});

describe('a filter', () => {
  const matching = async (filter: object) => (await walk({ filter, orderBy: 'EMAIL_ASC' }, 100, 'forward')).sort();
  const stored = async (test: (user: User) => boolean) =>
    (await server.em().find(User, {}, { populate: ['roles'] }))
      .filter(test)
      .map(({ email }) => email)
      .sort();
  const holds = (user: User, name: string) => user.roles.getItems().some((held) => held.name === name);
  const text = ({ email, name }: User) => `${email} ${name ?? ''}`.toLowerCase();
  const beginnings = ({ email, name }: User) => {
    const lowerName = (name ?? '').toLowerCase();
    return [email, email.split('@')[1] ?? '', lowerName, lowerName.split(' ').at(-1) ?? ''];
  };
  const begins = (user: User, search: string) => beginnings(user).some((beginning) => beginning.startsWith(search));

  it.each(['ada', 'ADA.1', 'example.com', 'a_b', 'Grace Hop', 'hopper', ' clarke ', 'b'])(
    'finds those whose address, domain, name or last name begins with %j, in any letter case',
    async (search) => {
      const expected = await stored((user) => begins(user, search.trim().toLowerCase()));
      expect(expected.length).toBeGreaterThan(0);
      expect(await matching({ search })).toEqual(expected);
    },
  );

  it.each(['velac', 'b.example', '.12@', 'ce h'])('finds %j anywhere where nobody begins with it', async (search) => {
    expect(await stored((user) => begins(user, search))).toEqual([]);
    const expected = await stored((user) => text(user).includes(search));
    expect(expected.length).toBeGreaterThan(0);
    expect(await matching({ search })).toEqual(expected);
  });

  it.each(['%', '_', 'a%a', '!', '\\', "'", '\u0000nobody', 'ada\u0000%'])(
    'takes %j for what it is',
    async (search) => {
      const literal = search.replace('\0', '');
      expect(await matching({ search })).toEqual(
        await stored((user) => text(user).includes(literal) && (begins(user, literal) || !literal.startsWith('ada'))),
      );
    },
  );

  it.each(['', '   '])('of %j finds everybody', async (search) => {
    expect((await users({ filter: { search } })).totalCount).toBe((await users({})).totalCount);
  });

  it.each([1_000, 1_001])('finds the holders of a role of which there are %i', async (count) => {
    const em = server.em();
    const many = await makeRole(server, 'users:read');
    const holders = Array.from({ length: count }, (_, index) => ({
      ...person(index),
      id: newId(),
      email: `${newId()}@example.com`,
    }));
    await em.insertMany(User, holders);
    const ids = holders.map(({ id }) => id);
    await em.execute(
      `insert into user_roles (user_id, role_name) select id, ? from users where id in (${ids.map(() => '?').join()})`,
      [many, ...ids],
    );
    const page = await users({ filter: { role: many, emailVerified: true }, orderBy: 'CREATED_AT_ASC', first: 5 });
    const verified = holders.filter(({ emailVerified }) => emailVerified);
    expect(page.totalCount).toBe(verified.length);
    expect(page.nodes.map(({ id }) => id)).toEqual(verified.slice(0, 5).map(({ id }) => id));
    await em.nativeDelete(User, { id: ids });
  });

  it.each([
    ['role', () => ({ role }), (user: User) => holds(user, role)],
    ['disabled', () => ({ disabled: true }), ({ disabledAt }: User) => disabledAt !== null],
    ['not disabled', () => ({ disabled: false }), ({ disabledAt }: User) => disabledAt === null],
    ['verified', () => ({ emailVerified: true }), ({ emailVerified }: User) => emailVerified],
    ['not verified', () => ({ emailVerified: false }), ({ emailVerified }: User) => !emailVerified],
    [
      'made in a time',
      () => ({ createdAfter: new Date(MOMENT + 5000), createdBefore: new Date(MOMENT + 9000) }),
      ({ createdAt }: User) => createdAt.getTime() >= MOMENT + 5000 && createdAt.getTime() < MOMENT + 9000,
    ],
    [
      'several at once',
      () => ({ search: 'ada', emailVerified: true, disabled: false, role: 'user' }),
      (user: User) =>
        text(user).includes('ada') && user.emailVerified && user.disabledAt === null && holds(user, 'user'),
    ],
  ])('for %s lets nobody else through', async (_, filter, test) => {
    const expected = await stored(test);
    expect(expected.length).toBeGreaterThan(0);
    expect(await matching(filter())).toEqual(expected);
  });

  it('of null excludes nobody', async () => {
    const nothing = {
      search: null,
      role: null,
      disabled: null,
      emailVerified: null,
      createdAfter: null,
      createdBefore: null,
    };
    expect((await users({ filter: nothing })).totalCount).toBe((await users({})).totalCount);
  });
});

describe('a moment', () => {
  const query = 'query ($at: DateTime) { users(filter: { createdAfter: $at }) { nodes { id } } }';
  const ask = (at: string) => server.call(query, { at }, { token: admin.accessToken });

  it.each(['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'])('may be %s', async (at) => {
    expect((await ask(at)).errors).toEqual([]);
  });

  it.each([
    '0000-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '10000-01-01T00:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    '-000001-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T00:00:00.0000000Z',
    '2026-01-01T00:00:00+01:00',
  ])('that no engine need store is refused: %s', async (at) => {
    const { errors } = await ask(at);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  it('of a cursor has the same bounds', async () => {
    for (const at of ['0000-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z']) {
      const after = Buffer.from(JSON.stringify([at, admin.id])).toString('base64url');
      const { errors } = await server.call(
        'query ($after: String) { myAuditEvents(first: 1, after: $after) { nodes { id } } }',
        { after },
        { token: admin.accessToken },
      );
      expect(errors[0]?.extensions.fields).toEqual([
        { path: 'after', message: 'must be a cursor of this list in this order' },
      ]);
    }
  });
});

describe('what a page costs', () => {
  const FIELDS = 'id roles permissions lastLoginAt revision sessions { id device impersonatedBy }';
  const page = (first: number, fields: string) =>
    server.call(`{ users(first: ${String(first)}) { nodes { ${fields} } } }`, {}, { token: admin.accessToken });

  it('is the same number of statements for 2 and for 10 users, whatever is asked of them', async () => {
    const counts = [];
    for (const first of [2, 10]) {
      counts.push((await statementsOf(server, () => page(first, FIELDS))).length);
    }
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).toBeLessThanOrEqual(6);
  });

  it('does not hold the count, unless it is asked for, and then a bounded one', async () => {
    const withCount = await statementsOf(server, () => users({}));
    const counting = withCount.filter((sql) => sql.includes('count(*)'));
    expect(counting).toHaveLength(1);
    expect(counting[0]).toMatch(new RegExp(`limit (${MAX_COUNT}|\\?|\\$1)`));
    expect((await statementsOf(server, () => page(5, 'id'))).filter((sql) => sql.includes('count('))).toEqual([]);
  });
});

it('one user is there by id; none is null, whatever the id looks like', async () => {
  const { accessToken: token } = await signUpWithPermissions(server, 'users:read');
  const user = (id: string) => server.call('query ($id: ID!) { user(id: $id) { id email } }', { id }, { token });
  expect((await user(admin.id)).data).toEqual({ user: { id: admin.id, email: admin.email } });
  for (const id of [newId(), 'nothing', '']) expect(await user(id)).toMatchObject({ data: { user: null }, errors: [] });
});
