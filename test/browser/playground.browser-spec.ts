import { TestServer } from '../support/test-server.js';
import { PlaygroundBrowser } from './support/playground.js';

describe('the playground in a browser', () => {
  let server: TestServer;
  let browser: PlaygroundBrowser;

  beforeAll(async () => {
    server = await TestServer.start({ env: { IDE: 'true' } });
    browser = await PlaygroundBrowser.open(server.url);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  it('has a tab for each ready-made operation', async () => {
    expect(await browser.tabs()).toEqual([
      'Sign up',
      'Log in',
      'Me',
      'A refused field',
      'My sessions',
      'Refresh',
      'Log out',
      'Forgot password',
      'New password',
      'Server info',
    ]);
  });

  it('answers before anybody has signed in', async () => {
    expect(await browser.run('Server info')).toMatchObject({
      answer: { data: { serverInfo: { passwordPolicy: { minLength: 8, maxLength: 1024 } } } },
    });
  });

  it('sends the access token of a sign-up with what comes after', async () => {
    const { accessToken } = tokensOf(await browser.runAndRemember('Sign up'));
    expect(await browser.run('Me')).toMatchObject({
      authorization: `Bearer ${accessToken}`,
      answer: { data: { me: { email: 'ada@example.com', name: 'Ada Lovelace' } } },
    });
  });

  it('trades the remembered refresh token for tokens that it then uses', async () => {
    const loggedIn = tokensOf(await browser.runAndRemember('Log in'));
    const refresh = await browser.runAndRemember('Refresh');
    expect(refresh.variables).toEqual({ input: { refreshToken: loggedIn.refreshToken } });
    const refreshed = tokensOf(refresh);
    expect(refreshed).not.toEqual(loggedIn);
    expect(await browser.run('My sessions')).toMatchObject({
      authorization: `Bearer ${refreshed.accessToken}`,
      answer: { data: { mySessions: expect.arrayContaining([expect.objectContaining({ current: true })]) } },
    });
  });

  it('shows a refused field beside the rest of its answer', async () => {
    await browser.runAndRemember('Log in');
    expect(await browser.run('A refused field')).toMatchObject({
      answer: {
        data: { me: { id: expect.any(String), lastLoginAt: null } },
        errors: [{ path: ['me', 'lastLoginAt'], extensions: { code: 'FORBIDDEN' } }],
      },
    });
  });

  it('ends the remembered session and forgets its tokens', async () => {
    const { refreshToken } = tokensOf(await browser.runAndRemember('Log in'));
    expect(await browser.runAndRemember('Log out')).toMatchObject({
      variables: { input: { refreshToken } },
      answer: { data: { logout: true } },
    });
    expect(await browser.run('Me')).toMatchObject({
      authorization: 'Bearer',
      answer: { errors: [{ path: ['me'], extensions: { code: 'UNAUTHENTICATED' } }] },
    });
  });

  it('shows the schema', async () => {
    await browser.page.getByText('Docs', { exact: true }).filter({ visible: true }).click();
    const docs = browser.page.locator('app-doc-viewer').filter({ visible: true });
    await docs.getByText('Mutation', { exact: true }).click();
    await docs.getByText('signup', { exact: true }).waitFor();
  });

  it('did all of that without asking another host for anything, and without a violation of its policy', () => {
    expect(browser.foreignRequests).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });
});

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** The tokens in the only field of an answer. */
function tokensOf({ answer }: { answer: unknown }): Tokens {
  const [payload] = Object.values((answer as { data: Record<string, Tokens> }).data);
  if (!payload) throw new Error('The answer holds no payload');
  return { accessToken: payload.accessToken, refreshToken: payload.refreshToken };
}
