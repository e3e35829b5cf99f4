import { PASSWORD, signUp } from '../support/accounts.js';
import { TestServer } from '../support/test-server.js';
import { launchChromium } from './support/chromium.js';
import { Frontend, SNIPPET } from './support/frontend.js';

/** Where the snippet thinks that the server is. */
const DOCUMENTED = 'localhost:4000';

it('the snippet for Apollo Client and React signs in, shows what it may see, and logs out', async () => {
  const frontend = await Frontend.reserve('localhost');
  const server = await TestServer.start({ env: { APP_URL: frontend.url } });
  await frontend.serve(server.url, 'COOKIE', SNIPPET);
  const browser = await launchChromium([`--host-resolver-rules=MAP ${DOCUMENTED} ${new URL(server.url).host}`]);
  const page = await browser.newPage();
  const { email } = await signUp(server);

  await page.goto(frontend.url);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('E-mail or password is wrong.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(`Hello, ${email}`).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Chrome on Linux' }).waitFor();
  await page.reload();
  await page.getByText(`Hello, ${email}`).waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();

  await browser.close();
  await frontend.stop();
  await server.stop();
});
