import { User } from '../../src/users/user.entity.js';
import { tryLogin } from '../accounts/operations.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { importExport } from './import.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const loaded = (email: string): Promise<User> =>
  server.em().findOneOrFail(User, { email }, { populate: ['roles', 'passwordHash'] });

interface Facts {
  externalId: string;
  name: string | null;
  emailVerified: boolean;
  /** Undefined: the file does not say it. */
  createdAt?: string;
}

const CREATED_IN_KEYCLOAK = '2024-01-01T10:00:00.000Z';
const CREATED_IN_SUPABASE = '2023-02-03T04:05:06.123Z';

/** Who can sign in, as NAME with `the old password of NAME`. */
const SIGN_IN: Record<string, Record<string, Facts>> = {
  'auth0.ndjson': {
    'ada@auth0.example.com': { externalId: 'auth0|60425dc43519d90068f82973', name: null, emailVerified: true },
    'grace@auth0.example.com': { externalId: 'auth0|60425da93519d90068f82966', name: null, emailVerified: false },
  },
  'firebase.json': {
    'ada@firebase.example.com': {
      externalId: '0aXyQb9sTRcW2gJt7kKpL4uVd3E2',
      name: 'Ada Lovelace',
      emailVerified: true,
      createdAt: '2020-02-01T00:00:00.000Z',
    },
  },
  'keycloak-realm.json': {
    'ada@keycloak.example.com': {
      externalId: 'b1a7d2a0-0001-4e0b-8a57-000000000001',
      name: 'Ada Lovelace',
      emailVerified: true,
      createdAt: CREATED_IN_KEYCLOAK,
    },
    'grace@keycloak.example.com': {
      externalId: 'b1a7d2a0-0001-4e0b-8a57-000000000002',
      name: 'Grace Hopper',
      emailVerified: true,
      createdAt: CREATED_IN_KEYCLOAK,
    },
    'alan@keycloak.example.com': {
      externalId: 'b1a7d2a0-0001-4e0b-8a57-000000000003',
      name: 'Alan Turing',
      emailVerified: true,
      createdAt: CREATED_IN_KEYCLOAK,
    },
  },
  'supabase.csv': {
    'ada@supabase.example.com': {
      externalId: '8a6e0804-2bd0-4672-b79d-d97027f90711',
      name: 'Ada, of Supabase',
      emailVerified: true,
      createdAt: CREATED_IN_SUPABASE,
    },
  },
  'users.csv': {
    'ada@csv.example.com': {
      externalId: 'csv-1',
      name: 'Lovelace, Ada',
      emailVerified: true,
      createdAt: '2020-01-02T03:04:05.000Z',
    },
    'grace@csv.example.com': { externalId: 'csv-2', name: 'Grace', emailVerified: false },
  },
  'users.jsonl': {
    'ada@jsonl.example.com': {
      externalId: 'jsonl-1',
      name: 'Ada',
      emailVerified: true,
      createdAt: '2020-01-02T03:04:05.000Z',
    },
    'grace@jsonl.example.com': { externalId: '2', name: null, emailVerified: false },
  },
};

/** Disabled where they come from. */
const DISABLED: Record<string, string> = {
  'firebase.json': 'grace@firebase.example.com',
  'keycloak-realm.json': 'edsger@keycloak.example.com',
  'supabase.csv': 'grace@supabase.example.com',
};

/** Without a password: from a social login. */
const WITHOUT_PASSWORD: Record<string, string> = {
  'firebase.json': 'alan@firebase.example.com',
  'supabase.csv': 'alan@supabase.example.com',
};

/** Without an address: a phone, a service. */
const REFUSED_LINES: Record<string, number> = { 'firebase.json': 4, 'keycloak-realm.json': 5 };

const passwordOf = (email: string): string => `the old password of ${email.split('@', 1)[0] ?? ''}`;

describe.each(Object.keys(SIGN_IN))('the export %s', (name) => {
  it('becomes accounts, and names the lines that can not be one', async () => {
    const outcomes = await importExport(server, name);
    const line = REFUSED_LINES[name];
    const refused = outcomes.filter(({ outcome }) => outcome !== 'created');
    expect(refused).toEqual(line ? [{ line, outcome: 'refused', reason: 'email must be an e-mail address' }] : []);
    expect(outcomes.length - refused.length).toBe(
      [SIGN_IN[name] ?? {}, DISABLED[name] ? [1] : [], WITHOUT_PASSWORD[name] ? [1] : []].flatMap(Object.keys).length,
    );
  });

  it.each(Object.entries(SIGN_IN[name] ?? {}))('keeps what it says of %s', async (email, { createdAt, ...facts }) => {
    const user = await loaded(email);
    expect(user).toMatchObject({ ...facts, disabledAt: null });
    expect(user.createdAt).toEqual(createdAt ? new Date(createdAt) : expect.any(Date));
    expect(user.roles.getItems().map((role) => role.name)).toEqual(['user']);
  });

  it.each(Object.keys(SIGN_IN[name] ?? {}))('lets %s in with the old password, and hashes it anew', async (email) => {
    expect(refusalOf(await tryLogin(server, email, 'another password'))).toBe('INVALID_CREDENTIALS');
    const before = (await loaded(email)).passwordHash;
    expect((await tryLogin(server, email, passwordOf(email))).data?.login.__typename).toBe('AuthPayload');
    const after = (await loaded(email)).passwordHash;
    expect(before).not.toMatch(/^\$bcrypt-sha256/);
    expect(after).toMatch(/^\$bcrypt-sha256\$v=2/);
    expect((await tryLogin(server, email, passwordOf(email))).data?.login.__typename).toBe('AuthPayload');
  });
});

it.each(Object.values(DISABLED))('%s comes disabled, and the right password is no way in', async (email) => {
  expect(await loaded(email)).toMatchObject({
    disabledAt: expect.any(Date),
    disabledReason: 'Disabled where the account was imported from.',
  });
  expect(refusalOf(await tryLogin(server, email, passwordOf(email)))).toBe('INVALID_CREDENTIALS');
});

it.each(Object.values(WITHOUT_PASSWORD))('%s comes without a password, and no password is one', async (email) => {
  expect((await loaded(email)).passwordHash).toBeNull();
  expect(refusalOf(await tryLogin(server, email, passwordOf(email)))).toBe('INVALID_CREDENTIALS');
});
