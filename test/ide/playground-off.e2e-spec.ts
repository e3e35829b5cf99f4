import { TestServer } from '../support/test-server.js';

describe('the playground where IDE is off', () => {
  it.each(['/ide', '/ide/main.js'])('is not there: %s', async (path) => {
    const server = await TestServer.start({ env: { IDE: 'false' } });
    const { status } = await fetch(`${server.url}${path}`);
    expect(status).toBe(404);
    await server.stop();
  });
});
