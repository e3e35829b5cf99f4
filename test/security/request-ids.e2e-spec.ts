import { AuditEvent } from '../../src/audit/audit-event.entity.js';
import { signUp } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';

const GIVEN = 'one-id-for-many-requests';

/** A login that is refused: its id is in the answer's header, in its error and in the trail. */
async function idsOf(server: TestServer): Promise<Set<string | null | undefined>> {
  const { id, email } = await signUp(server);
  const answer = await server.call(
    'mutation ($input: LoginInput!) { login(input: $input) { __typename } }',
    { input: { email, password: 'not the password at all' } },
    { headers: { 'x-request-id': GIVEN } },
  );
  const event = await server.em().findOneOrFail(AuditEvent, { subjectId: id, type: 'user.login_failed' });
  return new Set([answer.headers.get('x-request-id'), answer.errors[0]?.extensions.requestId, event.requestId]);
}

describe('a request id that comes with a request', () => {
  it.each([
    ['counts from a proxy that is trusted by its address', 'loopback', true],
    ['counts from a proxy that is trusted as a hop', '1', true],
    ['does not count from a client', '0', false],
    ['does not count from a machine that is not the proxy', '192.0.2.1', false],
  ])('%s', async (_, TRUST_PROXY, counts) => {
    const server = await TestServer.start({ env: { TRUST_PROXY } });
    const ids = await idsOf(server);
    expect([ids.size, ids.has(GIVEN)]).toEqual([1, counts]);
    await server.stop();
  });
});
