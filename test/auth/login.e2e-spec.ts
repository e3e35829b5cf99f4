import { logIn, signUp } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';

describe('login', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('gives the tokens of a new session', async () => {
    const user = await signUp(server);
    const again = await logIn(server, user.email);
    expect(again.sessionId).not.toBe(user.sessionId);
    const { data } = await server.call('{ me { id email roles } }', {}, { token: again.accessToken });
    expect(data).toEqual({ me: { id: user.id, email: user.email, roles: ['user'] } });
  });
});
