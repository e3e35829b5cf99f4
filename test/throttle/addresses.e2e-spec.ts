import { OPERATION_LIMITS } from '../../src/throttle/limits.js';
import { newEmail, PASSWORD } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

/** Refused for its input, once it was counted. */
const SIGNUP = 'mutation { signup(input: { email: "no", password: "no" }) { __typename } }';
const ATTEMPTS = OPERATION_LIMITS['signup']?.budgets[0]?.attempts ?? 0;

async function withServer(TRUST_PROXY: string, test: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await TestServer.start({ env: { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY } });
  try {
    await test(server);
  } finally {
    await server.stop();
  }
}

const attempt = async (server: TestServer, forwardedFor?: string) => {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const refusal = refusalOf(await server.call(SIGNUP, {}, { headers }));
  return refusal?.startsWith('BAD_USER_INPUT') ? 'counted' : refusal;
};

/** Uses the budget up: from each address in turn. */
async function spendAll(server: TestServer, addressOf: (index: number) => string | undefined): Promise<void> {
  for (let index = 0; index < ATTEMPTS; index += 50) {
    const calls = Array.from({ length: 50 }, (_, offset) => attempt(server, addressOf(index + offset)));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['counted']));
  }
}

/** @see nestjs/throttler#427, authup/authup#3249 */
describe('the address that is counted', () => {
  it('is the one of the connection without TRUST_PROXY: no header dodges the limit', () =>
    withServer('0', async (server) => {
      await spendAll(server, (index) => `10.1.${String(index >> 8)}.${String(index & 255)}`);
      expect(await attempt(server, '203.0.113.77')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server)).toBe('TOO_MANY_REQUESTS');
    }));

  it('is the right-most one that the proxy adds with one hop: entries left of it do not help', () =>
    withServer('1', async (server) => {
      await spendAll(server, (index) => `10.1.${String(index >> 8)}.${String(index & 255)}, 203.0.113.1`);
      expect(await attempt(server, '10.9.9.9, 203.0.113.1')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '203.0.113.1, 203.0.113.2')).toBe('counted');
    }));

  it('is the first from the right that is no proxy with a list of networks', () =>
    withServer('loopback, 10.0.0.0/8', async (server) => {
      await spendAll(server, (index) => `198.51.100.${String(index & 255)}, 203.0.113.1, 10.4.5.6`);
      expect(await attempt(server, '203.0.113.1')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '203.0.113.1, 10.7.7.7, 10.1.1.1')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '203.0.113.3, 10.7.7.7')).toBe('counted');
    }));

  it('of IPv6 is its /64 network', () =>
    withServer('1', async (server) => {
      await spendAll(server, (index) => `2001:db8:1:2:${index.toString(16)}::1`);
      expect(await attempt(server, '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '2001:db8:1:3::1')).toBe('counted');
    }));

  it('is the same in the IPv4 and the IPv4-mapped form, however that is written', () =>
    withServer('1', async (server) => {
      const forms = [
        '203.0.113.9',
        '::ffff:203.0.113.9',
        '::FFFF:203.0.113.9',
        '::ffff:cb00:7109',
        '0:0:0:0:0:ffff:cb00:7109',
      ];
      await spendAll(server, (index) => forms[index % forms.length]);
      expect(await attempt(server, '203.0.113.9')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '::ffff:203.0.113.10')).toBe('counted');
      expect(await attempt(server, '::ffff:cb00:710b')).toBe('counted');
    }));

  it('is the proxy itself when what it hands down is no address', () =>
    withServer('1', async (server) => {
      await spendAll(server, (index) => `unknown-${String(index)}`);
      expect(await attempt(server, '"><script>')).toBe('TOO_MANY_REQUESTS');
      expect(await attempt(server, '203.0.113.1')).toBe('counted');
    }));
});

describe('the address that is kept of a session', () => {
  it.each([
    ['::ffff:909:909', '9.9.9.9'],
    ['::FFFF:9.9.9.9', '9.9.9.9'],
    ['2001:0DB8:0:0::0001', '2001:db8::1'],
    ['fe80::1%some-zone', 'fe80::1'],
    ['64:ff9b::c000:201', '64:ff9b::c000:201'],
  ])('of %s is %s', (given, kept) =>
    withServer('1', async (server) => {
      const headers = { 'x-forwarded-for': given };
      const input = { email: newEmail(), password: PASSWORD };
      const { data } = await server.call<{ signup: { accessToken: string } }>(
        'mutation ($input: SignupInput!) { signup(input: $input) { ... on AuthPayload { accessToken } } }',
        { input },
        { headers },
      );
      const { data: own } = await server.call('{ mySessions { ipAddress } }', {}, { token: data?.signup.accessToken });
      expect(own).toEqual({ mySessions: [{ ipAddress: kept }] });
    }),
  );
});
