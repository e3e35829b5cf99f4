import { GraphQLSchemaHost } from '@nestjs/graphql';
import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { User } from '../../src/users/user.entity.js';
import { type Budget, OPERATION_LIMITS, OTHER_MUTATIONS } from '../../src/throttle/limits.js';
import { logIn, newEmail, PASSWORD, signUp } from '../support/accounts.js';
import { FORK_FIELDS, ForkModule } from '../support/fork.module.js';
import { LimiterTime } from '../support/limiter-time.js';
import type { CallOptions, GraphQLAnswer } from '../support/graphql-client.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    redis: false,
    imports: [ForkModule],
    env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '1' },
  });
});
afterAll(() => server.stop());

let networks = 0;
const newAddress = (): string => `198.51.${String(networks >> 8)}.${String(networks++ & 255)}`;
const from = (ip: string) => ({ 'x-forwarded-for': ip });

function budgetOf(mutation: string): Budget {
  const budget = OPERATION_LIMITS[mutation]?.budgets[0];
  if (!budget) throw new Error(`${mutation} has no budget`);
  return budget;
}

interface Refreshed {
  refresh: { refreshToken: string };
}

/** Documents that all execute `refresh` once. */
const WAYS: [name: string, document: string, options?: CallOptions][] = [
  ['plain', 'mutation { refresh(input: { refreshToken: "no" }) { expiresIn } }'],
  ['an alias', 'mutation { x: refresh(input: { refreshToken: "no" }) { expiresIn } }'],
  ['a named operation', 'mutation Foo { refresh(input: { refreshToken: "no" }) { expiresIn } }'],
  ['a fragment', 'mutation { ...F } fragment F on Mutation { refresh(input: { refreshToken: "no" }) { expiresIn } }'],
  ['an inline fragment', 'mutation { ... on Mutation { y: refresh(input: { refreshToken: "no" }) { expiresIn } } }'],
  [
    'one of two operations',
    'mutation A { refresh(input: { refreshToken: "no" }) { expiresIn } } mutation B { z: refresh(input: { refreshToken: "no" }) { expiresIn } }',
    { operationName: 'B' },
  ],
  ['@include', 'mutation { refresh(input: { refreshToken: "no" }) @include(if: true) { expiresIn } }'],
];

async function inBatches(count: number, call: (index: number) => Promise<GraphQLAnswer>): Promise<GraphQLAnswer[]> {
  const answers: GraphQLAnswer[] = [];
  for (let index = 0; index < count; index += 50) {
    const size = Math.min(50, count - index);
    answers.push(...(await Promise.all(Array.from({ length: size }, (_, offset) => call(index + offset)))));
  }
  return answers;
}

const refusedOf = (answers: GraphQLAnswer[]) => answers.filter((it) => refusalOf(it) === 'TOO_MANY_REQUESTS').length;

describe('the budget of an operation', () => {
  const { attempts, seconds } = budgetOf('refresh');

  /** @see VilnaCRM-Org/user-service#469: a limiter that knows operations by name is dodged by another name. */
  it('counts each execution of the resolver, whatever it is called in the document', async () => {
    const ip = newAddress();
    const answers = await inBatches(attempts, (index) => {
      const [, document = '', options] = WAYS[index % WAYS.length] ?? [];
      return server.call(document, {}, { ...options, headers: from(ip) });
    });
    expect(refusedOf(answers)).toBe(0);
    for (const [way, document, options] of WAYS) {
      const answer = await server.call(document, {}, { ...options, headers: from(ip) });
      expect([way, refusalOf(answer)]).toEqual([way, 'TOO_MANY_REQUESTS']);
      const { retryAfter = 0 } = answer.errors[0]?.extensions ?? {};
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(seconds);
    }
    expect(refusalOf(await server.call(WAYS[0]?.[1] ?? '', {}, { headers: from(newAddress()) }))).toBe(
      'UNAUTHENTICATED/REFRESH_TOKEN_INVALID',
    );
  });

  it('is full again when its time is over', async () => {
    const time = new LimiterTime();
    const call = (ip: string) => server.call('mutation { breaksConstraint }', {}, { headers: from(ip) });
    try {
      const ip = newAddress();
      const answers = await inBatches(OTHER_MUTATIONS.attempts + 1, () => call(ip));
      expect(refusedOf(answers)).toBe(1);
      time.advance(OTHER_MUTATIONS.seconds);
      expect(refusalOf(await call(ip))).toBe('INTERNAL_SERVER_ERROR');
    } finally {
      time.restore();
    }
  });

  it('refuses before anything happens: no account, no input looked at', async () => {
    const ip = newAddress();
    const signup = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
    const { attempts: signups } = budgetOf('signup');
    const call = (email: string) =>
      server.call(signup, { input: { email, password: PASSWORD } }, { headers: from(ip) });
    await inBatches(signups, () => call('not an address'));
    const email = newEmail();
    expect(refusalOf(await call(email))).toBe('TOO_MANY_REQUESTS');
    expect(refusalOf(await call('not an address'))).toBe('TOO_MANY_REQUESTS');
    expect(await server.em().count(User, { email })).toBe(0);
  });

  it('of a signed-in user follows the user from address to address', async () => {
    const user = await signUp(server);
    const { attempts: revocations } = budgetOf('revokeOtherSessions');
    const call = (token: string) =>
      server.call('mutation { revokeOtherSessions }', {}, { token, headers: from(newAddress()) });
    expect(refusedOf(await inBatches(revocations, () => call(user.accessToken)))).toBe(0);
    expect(refusalOf(await call(user.accessToken))).toBe('TOO_MANY_REQUESTS');
    expect((await call((await signUp(server)).accessToken)).errors).toEqual([]);
  });

  it('of the refreshes of a session refuses those beyond it, wherever they come from, and none of another session', async () => {
    const budget = OPERATION_LIMITS['refresh']?.proof;
    if (!budget) throw new Error('refresh has no budget for each session');
    const document = 'mutation ($token: String!) { refresh(input: { refreshToken: $token }) { refreshToken } }';
    const call = (token: string) => server.call<Refreshed>(document, { token }, { headers: from(newAddress()) });
    const user = await signUp(server);
    let token = user.refreshToken;
    for (let count = 0; count < budget.attempts; count++) {
      const answer = await call(token);
      token = answer.data?.refresh.refreshToken ?? '';
    }
    const rows = () => server.em().count(AuditEvent, { type: 'session.refreshed' });
    const before = await rows();
    expect(refusalOf(await call(token))).toBe('TOO_MANY_REQUESTS');
    expect(await rows()).toBe(before);
    expect((await call((await logIn(server, user.email)).refreshToken)).errors).toEqual([]);
  });

  it('does not count logouts: they never fail', async () => {
    const ip = newAddress();
    const answers = await inBatches(700, () => server.call('mutation { logout }', {}, { headers: from(ip) }));
    expect(answers.filter(({ data }) => data?.['logout'] !== true)).toEqual([]);
  });

  it('does not count queries', async () => {
    const ip = newAddress();
    const answers = await inBatches(700, () => server.call('{ serverInfo { version } }', {}, { headers: from(ip) }));
    expect(refusedOf(answers)).toBe(0);
  });
});

it('every mutation of ours has a row in the table of limits, and no other has', () => {
  const { schema } = server.app.get(GraphQLSchemaHost);
  const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {}).filter(
    (name) => !FORK_FIELDS.includes(name),
  );
  expect(Object.keys(OPERATION_LIMITS).sort()).toEqual(mutations.sort());
});
