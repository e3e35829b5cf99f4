import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { ErrorCode } from '../../src/common/error-codes.js';
import { logIn, newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';
import { argumentPlaces, type Filling } from './support/argument-places.js';

/** Of the server, for one request. */
const MAX_CPU_MS = 100;
/** Of many requests each costs so much on average, or they are looked at one by one. */
const USUAL_CPU_MS = 10;
const CANARY = 'canary-7c3e';
const ADMIN = { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a sound password for root' };

/** Of marks that sort behind each other: to put them in order can take the square of their number. */
const MARKS = `${CANARY}a${'\u0301'.repeat(22_000)}${'\u0316'.repeat(22_000)}`;

/** JSON texts: the worst of each type, and of each type where another one is expected. */
const VALUES: Record<string, string> = {
  'marks of 90 kB': JSON.stringify(MARKS),
  'as many marks as a password may have units': JSON.stringify(`a${'\u0301'.repeat(4095)}${'\u0316'.repeat(4095)}`),
  'an address of 90 kB': JSON.stringify(`a@${'b.'.repeat(45_000)}example.com`),
  '90 kB of blanks': JSON.stringify(' '.repeat(90_000)),
  NUL: JSON.stringify(`${CANARY}\0@example.com`),
  'half a surrogate pair': JSON.stringify(`${CANARY}\ud800`),
  'marks of direction': JSON.stringify('\u202e\u2066abc\u2069@example.com'),
  'a list of 10,000': JSON.stringify(new Array(10_000).fill(CANARY)),
  'a list of 100 texts of 900 units': JSON.stringify(
    new Array(100).fill(`a${'\u0301'.repeat(149)}${'\u0316'.repeat(149)}`),
  ),
  'lists 20,000 deep': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  'objects 10,000 deep': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'the year 0': '"0000-01-01T00:00:00.000Z"',
  'a cursor of the year 0': JSON.stringify(cursorOf('0000-01-01T00:00:00.000Z')),
  'a cursor of the year 275760': JSON.stringify(cursorOf('+275760-09-13T00:00:00.000Z')),
  'a cursor of half a surrogate pair': JSON.stringify(cursorOf('\ud800')),
  'an object of 100 fields': JSON.stringify(objectOf(100)),
  'an object of 8,000 fields': JSON.stringify(objectOf(8_000)),
  'a list of 40 objects of 100 fields': JSON.stringify(Array.from({ length: 40 }, () => objectOf(100))),
  'an object whose field has a name of 90 kB': JSON.stringify({ ['n'.repeat(90_000)]: 1 }),
  'a great number': '2147483647',
  'a number that is none': '1e308',
};

function objectOf(fields: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: fields }, (_, index) => [`field${String(index)}`, 1]));
}

function cursorOf(value: string): string {
  return Buffer.from(JSON.stringify([value, '01890000-0000-7000-8000-000000000000'])).toString('base64url');
}

/** What costs time costs it before the database is asked; to that, one engine is like the other. */
const SENT = Object.entries(VALUES).filter(([, json]) => testEngine === 'sqlite' || json.length < 1000);
const LITERALS = SENT.flatMap(([, json]) =>
  json.startsWith('"') && json.length < 1000 ? [JSON.parse(json) as string] : [],
);

const schema = buildSchema(readFileSync(new URL('../../schema.gql', import.meta.url), 'utf8'));
const PLACES = argumentPlaces(schema);
const CODES = new Set<string>(Object.values(ErrorCode));
/** No value is a reason to fail. */
const FAULTS = new Set<string>([ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.SERVICE_UNAVAILABLE]);

let databaseUrl: string;
let server: ServerProcess;
let admin: string;
let victim: string;
beforeAll(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  const env = {
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'Xk3vT9sWq1Lr7Zp5Nc8Hd2Jb6Gm4Fa0E',
    LOG_LEVEL: 'trace',
    ...ADMIN,
  };
  if (testEngine === 'postgres') await runProgram(program.operator, ['db', 'migrate'], { env, cwd: '/' });
  server = await ServerProcess.start({ env });
  admin = (await logIn(server, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD)).accessToken;
});
afterAll(async () => {
  await server.remove();
  await dropDatabase(databaseUrl);
});

const FILLING: Filling = {
  email: newEmail,
  newEmail,
  password: () => PASSWORD,
  currentPassword: () => '',
  newPassword: () => PASSWORD,
  id: () => victim,
  userId: () => victim,
  token: () => 'lko_',
  name: () => `role-${crypto.randomUUID().slice(0, 8)}`,
  permissions: () => [],
  roles: () => ['user'],
  reason: () => 'to see what happens',
  field: () => 'Query.me',
};

async function post(to: ServerProcess, body: string, token?: string, more?: Record<string, string>): Promise<string[]> {
  const response = await fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...more,
    },
    body,
  });
  const text = await response.text();
  expect(text.length).toBeLessThan(20_000);
  const { errors = [] } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] };
  return errors.map(({ extensions }) => extensions.code);
}

async function cpuSecondsOf(to: ServerProcess): Promise<number> {
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(await to.metrics())?.[1]);
}

async function costOf<T>(to: ServerProcess, work: () => Promise<T>): Promise<{ result: T; cpuMs: number }> {
  const before = await cpuSecondsOf(to);
  const result = await work();
  return { result, cpuMs: ((await cpuSecondsOf(to)) - before) * 1000 };
}

/** The least of three: a collector that takes its time is not the fault of a value. */
async function assertCheap(to: ServerProcess, body: string, token?: string): Promise<void> {
  const costs: number[] = [];
  while (costs.length < 3) {
    costs.push((await costOf(to, () => post(to, body, token))).cpuMs);
    if (Math.min(...costs) < MAX_CPU_MS) return;
  }
  throw new Error(`It costs ${Math.min(...costs).toFixed()} ms of CPU: ${body.slice(0, 200)}`);
}

/** Sends all of them at once, and those that were dear together one by one. @returns the codes of each */
async function sendCheaply(to: ServerProcess, bodies: readonly string[], token?: string): Promise<string[][]> {
  const { result, cpuMs } = await costOf(to, () => Promise.all(bodies.map((body) => post(to, body, token))));
  if (cpuMs > bodies.length * USUAL_CPU_MS) for (const body of bodies) await assertCheap(to, body, token);
  return result;
}

describe('the worst value of each type', () => {
  it('finds every argument', () => {
    expect(PLACES.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['login.input.email', 'setUserRoles.roles', 'users.filter.createdAfter', 'users.first']),
    );
  });

  it.each(PLACES)(
    'in $place has a code, is no fault, and costs little',
    async ({ isPublic, bodyWith, literalWith }) => {
      // Some of them end what they are about.
      victim = (await signUp(server)).id;
      const bodies = [
        ...SENT.map(([, json]) => bodyWith(json, FILLING)),
        ...LITERALS.map((text) => literalWith(text, FILLING)),
      ];
      const signedIn = isPublic ? [] : await sendCheaply(server, bodies, admin);
      // A caller who is not signed in does not reach the database by it.
      const anonymous = isPublic || testEngine === 'sqlite' ? await sendCheaply(server, bodies) : [];
      for (const answers of [anonymous, signedIn]) {
        const faults = answers.map((codes) => codes.filter((code) => !CODES.has(code) || FAULTS.has(code)));
        expect(bodies.filter((_, index) => faults[index]?.length)).toEqual([]);
      }
    },
  );

  it('is not in the log', () => {
    expect(server.output).toContain('"msg"');
    expect(server.output.split('\n').filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it('leaves the server and its administrator as they were', async () => {
    expect(await post(server, JSON.stringify({ query: '{ me { id } }' }), admin)).toEqual([]);
  });
});

describe('with the traces of a device, which are looked at before anything is validated', () => {
  const cookie = `latchkey-device=lkd_${Buffer.alloc(48, 7).toString('base64url')}`;
  const texts = SENT.filter(([, json]) => json.length < 1000);

  it('the worst value of each type has a code and is no fault', async () => {
    const limits = { DATABASE_URL: databaseUrl, JWT_SECRET: 'Xk3vT9sWq1Lr7Zp5Nc8Hd2Jb6Gm4Fa0E' };
    const limited = await ServerProcess.start({
      env: { ...limits, RATE_LIMITS_ENABLED: 'true', MAGIC_LINKS_ENABLED: 'true' },
    });
    for (const { bodyWith } of PLACES.filter(({ isPublic }) => isPublic)) {
      const bodies = texts.map(([, json]) => bodyWith(json, FILLING));
      const answers = await Promise.all(bodies.map((body) => post(limited, body, undefined, { cookie })));
      const faults = answers.map((codes) => codes.filter((code) => !CODES.has(code) || FAULTS.has(code)));
      expect(bodies.filter((_, index) => faults[index]?.length)).toEqual([]);
    }
    await limited.remove();
  });
});

// Counters are asked before the database is.
(testEngine === 'sqlite' ? describe : describe.skip)('without a budget left', () => {
  it('the worst text costs no more than any other refusal', async () => {
    const env = { JWT_SECRET: 'Xk3vT9sWq1Lr7Zp5Nc8Hd2Jb6Gm4Fa0E', RATE_LIMITS_ENABLED: 'true' };
    const limited = await ServerProcess.start({ env });
    for (const { bodyWith } of PLACES.filter(({ isPublic, place }) => isPublic && place.endsWith('email'))) {
      const body = bodyWith('"x"', FILLING);
      const isRefused = async () => (await post(limited, body)).includes(ErrorCode.TOO_MANY_REQUESTS);
      while (!(await isRefused())) await Promise.all(Array.from({ length: 30 }, () => post(limited, body)));
      const marks = (length: number) => `a${'\u0301'.repeat(length / 2)}${'\u0316'.repeat(length / 2)}`;
      const bodies = [100, 250, 4000].map((length) => bodyWith(JSON.stringify(marks(length)), FILLING));
      for (const codes of await sendCheaply(limited, bodies)) expect(codes).toEqual([ErrorCode.TOO_MANY_REQUESTS]);
      const longest = [bodyWith(JSON.stringify(MARKS), FILLING)];
      expect(await sendCheaply(limited, longest)).toEqual([[ErrorCode.BAD_USER_INPUT]]);
    }
    await limited.remove();
  });
});
