import { GraphQLSchemaHost } from '@nestjs/graphql';
import { isEnumType } from 'graphql';
import { PASSWORD, refresh, refreshed, signUp, withAccounts } from '../support/accounts.js';
import { documentedTable } from '../support/documented-table.js';
import { ForkModule } from '../support/fork.module.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    imports: [ForkModule],
    env: { REFRESH_GRACE_SECONDS: '0', TRUST_PROXY: 'loopback' },
  });
});
afterAll(() => server.stop());

type Refused = Pick<GraphQLAnswer, 'errors'>;

const reserved = (cells: string[]) => cells.some((cell) => cell.startsWith('Reserved'));

function enumValues(name: string): string[] {
  const type = server.app.get(GraphQLSchemaHost).schema.getType(name);
  return isEnumType(type)
    ? type
        .getValues()
        .map(({ name: value }) => value)
        .sort()
    : [];
}

const login = (email: string, password: string) =>
  server.call(`mutation { login(input: { email: "${email}", password: "${password}" }) { __typename } }`);
const meWith = (token: string) => server.call('{ me { id } }', {}, { token });
const DAY = 86_400;

/** One way to each code that can occur. */
const CODES: Record<string, () => Promise<Refused>> = {
  BAD_REQUEST: () => server.call('query A { __typename } query B { __typename }', {}, { operationName: 'C' }),
  BAD_USER_INPUT: () => login('no address', 'x'),
  GRAPHQL_PARSE_FAILED: () => server.call('{ me {'),
  GRAPHQL_VALIDATION_FAILED: () => server.call('{ you }'),
  PERSISTED_QUERY_NOT_SUPPORTED: async () => {
    const hash = { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } };
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ extensions: hash }),
    };
    const response = await fetch(`${server.url}/graphql`, init);
    return (await response.json()) as Refused;
  },
  UNAUTHENTICATED: () => server.call('{ me { id } }'),
  FORBIDDEN: async () => server.call('{ adminReport }', {}, { token: (await signUp(server)).accessToken }),
  INVALID_CREDENTIALS: () => login('nobody@example.com', 'wrong password'),
  NOT_FOUND: async () =>
    server.call('mutation { revokeSession(id: "nothing") }', {}, { token: (await signUp(server)).accessToken }),
  CONFLICT: () => server.call('{ fails(how: "conflict") }'),
  EMAIL_TAKEN: async () => {
    const { email } = await signUp(server);
    return server.call(`mutation { signup(input: { email: "${email}", password: "${PASSWORD}" }) { __typename } }`);
  },
  TOO_MANY_REQUESTS: () => server.call('{ fails(how: "tooMany") }'),
  SERVICE_UNAVAILABLE: () => server.call('{ fails(how: "unavailable") }'),
  INTERNAL_SERVER_ERROR: () => server.call('{ fails(how: "badly") }'),
};

/** One way to each reason that can occur. */
const REASONS: Record<string, () => Promise<Refused>> = {
  TOKEN_MISSING: () => server.call('{ me { id } }'),
  TOKEN_INVALID: () => meWith('garbage'),
  TOKEN_EXPIRED: async () => {
    const { accessToken } = await signUp(server);
    server.clock.advance(DAY);
    return meWith(accessToken);
  },
  TOKEN_REVOKED: async () => {
    const { accessToken } = await signUp(server);
    await server.call('mutation { logout }', {}, { token: accessToken });
    return meWith(accessToken);
  },
  TOKEN_STALE: async () => {
    const { accessToken, email } = await signUp(server);
    await withAccounts(server, (accounts) => accounts.setRoles(email, ['user']));
    return meWith(accessToken);
  },
  REFRESH_TOKEN_MISSING: () => server.call('mutation { refresh { expiresIn } }'),
  REFRESH_TOKEN_INVALID: () => refresh(server, 'lkr_garbage'),
  REFRESH_TOKEN_EXPIRED: async () => {
    const { refreshToken } = await signUp(server);
    server.clock.advance(31 * DAY);
    return refresh(server, refreshToken);
  },
  REFRESH_TOKEN_REUSED: async () => {
    const { refreshToken } = await signUp(server);
    await refreshed(server, refreshToken);
    return refresh(server, refreshToken);
  },
  SESSION_REVOKED: async () => {
    const { refreshToken, accessToken } = await signUp(server);
    await server.call('mutation { logout }', {}, { token: accessToken });
    return refresh(server, refreshToken);
  },
  SESSION_EXPIRED: async () => {
    let { refreshToken } = await signUp(server);
    for (let month = 0; month < 3; month++) {
      server.clock.advance(29 * DAY);
      ({ refreshToken } = await refreshed(server, refreshToken));
    }
    server.clock.advance(4 * DAY);
    return refresh(server, refreshToken);
  },
  ACCOUNT_DISABLED: async () => {
    const { refreshToken, email } = await signUp(server);
    // By an operator's SQL, which leaves the sessions alone.
    await server.em().execute('update users set disabled_at = created_at where email = ?', [email]);
    return refresh(server, refreshToken);
  },
  ONE_TIME_TOKEN_INVALID: () => server.call('mutation { verifyEmail(token: "lko_garbage") { id } }'),
  REAUTHENTICATION_REQUIRED: async () => {
    const { accessToken } = await signUp(server);
    server.clock.advance(601);
    return server.call('mutation { deleteAccount(password: "") }', {}, { token: accessToken });
  },
  WEAK_PASSWORD: () =>
    server.call('mutation { signup(input: { email: "w@example.com", password: "password1" }) { __typename } }'),
};

describe('the table of codes', () => {
  it('lists the enum ErrorCode', () => {
    expect([...documentedTable('Codes').keys()].sort()).toEqual(enumValues('ErrorCode'));
  });

  it('is complete here, but for what is reserved', () => {
    const possible = [...documentedTable('Codes')].filter(([, cells]) => !reserved(cells)).map(([code]) => code);
    expect(Object.keys(CODES)).toEqual(expect.arrayContaining(possible));
  });

  it.each(Object.entries(CODES))('%s', async (code, provoke) => {
    const { errors } = await provoke();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
  });
});

describe('the table of reasons', () => {
  it('lists the enum ErrorReason', () => {
    expect([...documentedTable('Reasons').keys()].sort()).toEqual(enumValues('ErrorReason'));
  });

  it('has a test for each reason that is not reserved', () => {
    const possible = [...documentedTable('Reasons')].filter(([, cells]) => !reserved(cells)).map(([reason]) => reason);
    expect(Object.keys(REASONS).sort()).toEqual(possible.sort());
  });

  it.each(Object.entries(REASONS))('%s', async (reason, provoke) => {
    const [code, action] = documentedTable('Reasons').get(reason) ?? [];
    const { errors } = await provoke();
    expect(errors.map(({ extensions }) => extensions)).toEqual([expect.objectContaining({ code, reason, action })]);
  });
});

describe('the table of actions', () => {
  it('lists the enum ErrorAction', () => {
    expect([...documentedTable('Actions').keys()].sort()).toEqual(enumValues('ErrorAction'));
  });
});

describe('every error', () => {
  it('has no extension but the documented ones, and no word of a library', async () => {
    const allowed = ['action', 'code', 'fields', 'reason', 'requestId', 'retryAfter'];
    for (const provoke of [...Object.values(CODES), ...Object.values(REASONS)]) {
      for (const { extensions, message } of (await provoke()).errors) {
        expect(message).not.toMatch(/jwt|jsonwebtoken|jws|passport|signature|exception|nest|apollo|mikro/i);
        expect(allowed).toEqual(expect.arrayContaining(Object.keys(extensions)));
        expect(extensions).toHaveProperty('requestId', expect.stringMatching(/^[\w-]{36}$/));
      }
    }
  });

  it('takes the request id of a trusted proxy when it is harmless, and makes one when it is not', async () => {
    const idOf = async (given: string) =>
      (await server.call('{ you }', {}, { headers: { 'x-request-id': given } })).errors[0]?.extensions.requestId;
    expect(await idOf('trace-1234.abc')).toBe('trace-1234.abc');
    expect(await idOf('x y"{}')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('a'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('fields', () => {
  /** @see nestjs/graphql#3021 */
  it('name every refused input at once, by path, without its value', async () => {
    const { errors, text } = await server.call(
      'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }',
      {
        input: { email: 'canary-mail', password: 'short7!' },
      },
    );
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      reason: 'WEAK_PASSWORD',
      action: 'FIX_INPUT',
      fields: [
        { path: 'input.email', message: 'must be an e-mail address' },
        { path: 'input.password', message: 'The password must have at least 8 characters.' },
      ],
    });
    expect(text).not.toMatch(/canary-mail|short7!/);
  });
});
