import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { eventually } from '../support/eventually.js';
import { ServerProcess } from '../support/server-process.js';

describe('the line of a request in the log', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    const JWT_SECRET = randomBytes(32).toString('base64url');
    server = await ServerProcess.start({ env: { DATABASE_URL: 'sqlite::memory:', JWT_SECRET, LOG_LEVEL: 'info' } });
  });
  afterAll(() => server.remove());

  it.each([
    ['/nothing?token=hunter2', '/nothing'],
    // RFC 9112 section 3.2.2: as it is sent to a proxy.
    ['http://ada:hunter2@auth.example.com/absolute?token=hunter2', '/absolute'],
  ])('names the path of %s, and nothing else of it', async (path, logged) => {
    get(server.url, { path }, (response) => response.resume());
    await eventually('the line', () => Promise.resolve(server.output.includes(`"path":"${logged}"`)));
    expect(server.output).not.toContain('hunter2');
  });

  it('has 2,000 characters of a path, and no more', async () => {
    get(server.url, { path: `/${'a'.repeat(15_000)}` }, (response) => response.resume());
    await eventually('the line', () => Promise.resolve(server.output.includes(`"path":"/${'a'.repeat(1_999)}"`)));
    expect(server.output).not.toContain('a'.repeat(2_000));
  });
});
