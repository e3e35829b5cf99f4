import { randomBytes } from 'node:crypto';
import { newEmail } from '../support/accounts.js';
import { ServerProcess } from '../support/server-process.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';

/** What a server with that level writes from its start until it has refused a sign-in and ended. */
async function writtenWith(level: string): Promise<string> {
  const JWT_SECRET = randomBytes(32).toString('base64url');
  const env = { DATABASE_URL: 'sqlite::memory:', JWT_SECRET, LOG_LEVEL: level, NODE_ENV: 'production' };
  const server = await ServerProcess.start({ env: { ...env, BCRYPT_COST: '10' } });
  await server.call(LOGIN, { input: { email: newEmail(), password: 'a wrong password' } });
  await server.kill('SIGTERM');
  await server.remove();
  return server.output;
}

const linesOf = (output: string) => output.trimEnd().split('\n');

const parsed = (line: string): { context?: string; msg: string } => JSON.parse(line) as { msg: string };

/** The settings that a server in production warns of with the environment of these tests. */
const WARNED = ['DATABASE_URL', 'METRICS_TOKEN', 'PUBLIC_URL', 'RATE_LIMITS_ENABLED', 'MAIL_URL'];

it.each(['warn', 'fatal'])(
  'LOG_LEVEL=%s leaves the audit trail and what is unwise in the configuration',
  async (level) => {
    const lines = linesOf(await writtenWith(level)).map(parsed);
    const configuration = lines
      .filter(({ context }) => context === 'Configuration')
      .map(({ msg }) => msg.split(' ')[0]);
    expect(configuration.sort()).toEqual([...WARNED].sort());
    expect(lines).toContainEqual(expect.objectContaining({ context: 'Audit', event: 'user.login_failed' }));
    expect(lines.filter(({ context }) => context !== 'Configuration' && context !== 'Audit')).toEqual([]);
  },
);

it('LOG_LEVEL=silent leaves what is unwise in the configuration, itself among it, on standard error', async () => {
  const lines = linesOf(await writtenWith('silent'));
  expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual([...WARNED, 'LOG_LEVEL'].sort());
});
