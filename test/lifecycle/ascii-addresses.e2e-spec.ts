import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { User } from '../../src/users/user.entity.js';
import { logIn, signUp } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';

const HOUR = 3_600;
const KEPT = /^1 rows have an address whose form in ASCII is too long or belongs to another account/;

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({ env: { JOBS_ENABLED: 'false' } });
});
afterEach(() => server.stop());

/** As the version before writes addresses, while it goes on during an update. */
async function writtenBefore(name: string): Promise<string> {
  const { id, email } = await signUp(server, `${name}@bücher.example`);
  expect(email).toBe(`${name}@xn--bcher-kva.example`);
  await server.em().nativeUpdate(User, { id }, { email: `${name}@bücher.example` });
  return id;
}

const run = async () => {
  server.clock.advance(HOUR);
  await server.app.get(JobRunner).runDue();
};
const emailOf = async (id: string) => (await server.em().findOneOrFail(User, id)).email;

describe('an account whose domain the version before has written in other letters', () => {
  it('is found by its address once the job has run', async () => {
    await run();
    const id = await writtenBefore('ann');
    await run();
    expect(await emailOf(id)).toBe('ann@xn--bcher-kva.example');
    expect((await logIn(server, 'ann@bücher.example')).id).toBe(id);
  });

  it('stays as it is where another account has the address, and the log says so at each run', async () => {
    const log = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const id = await writtenBefore('eve');
    await signUp(server, 'eve@bücher.example');
    await run();
    await run();
    expect(await emailOf(id)).toBe('eve@bücher.example');
    expect(log.mock.calls.filter(([message]) => KEPT.test(String(message)))).toHaveLength(2);
    log.mockRestore();
  });
});
