import { newEmail, PASSWORD, signUp, signUpWithRoles, withAccounts } from '../support/accounts.js';
import { faultsOf } from './support/looks.js';
import { Stage, type Transport, type Visitor } from './support/stage.js';

const NEW_PASSWORD = 'another horse, another battery';
const MONTH = 31 * 86_400;

describe.each(['COOKIE', 'BODY'] satisfies Transport[])('the example frontend, with %s', (transport) => {
  let stage: Stage;
  let ada: Visitor;

  beforeAll(async () => {
    stage = await Stage.start(transport);
  });
  beforeEach(async () => {
    ada = await stage.visitor();
  });
  afterEach(async () => {
    expect(await stage.leave()).toEqual([]);
  });
  afterAll(() => stage.stop());

  const openLink = async (visitor: Visitor, address = visitor.email) => {
    const { link } = await stage.life.mailTo(address);
    await visitor.page.goto(link ?? '');
    // The token does not stay in the address.
    await visitor.page.waitForURL(({ hash }) => hash === '');
  };

  it('signs up, stays signed in, logs out and signs in again', async () => {
    await ada.goto('/signup');
    await ada.fill({ Name: 'Ada Lovelace', 'E-mail': ada.email, Password: PASSWORD });
    await ada.press('Create an account');
    await ada.sees('Hello, Ada Lovelace');
    await ada.page.reload();
    await ada.sees('Hello, Ada Lovelace');

    await ada.press('Log out');
    await ada.sees('Sign in');
    await ada.reads('You are signed out.');
    expect(await tokensIn(ada)).toEqual([]);
    await ada.page.reload();
    await ada.sees('Sign in');
    await ada.signIn();
    await ada.sees('Hello, Ada Lovelace');
  });

  it('keeps tokens where the transport says, and nowhere else', async () => {
    await ada.signUp();
    const names = ['latchkey-access', 'latchkey-refresh'];
    expect(await tokensIn(ada)).toEqual(transport === 'COOKIE' ? names : ['localStorage']);
    expect(await ada.page.evaluate(() => document.cookie)).toBe('');
  });

  it('confirms an address by the link of a mail', async () => {
    await ada.signUp();
    await ada.reads('not confirmed');
    await ada.press('Confirm the address');
    await ada.reads(`A mail is on its way to ${ada.email}.`);
    await openLink(ada);
    await ada.sees('Confirm your e-mail address');
    await ada.press('Confirm');
    await ada.reads('Your e-mail address is confirmed.');
    await ada.follow('Go on');
    await ada.page.getByText('confirmed', { exact: true }).waitFor();
  });

  it('confirms the address on another device with the password', async () => {
    await ada.signUp();
    await ada.press('Confirm the address');
    await ada.reads('A mail is on its way');
    const phone = await stage.visitor();
    await openLink(phone, ada.email);
    await phone.press('Confirm');
    await phone.reads('Enter your password to go on.');
    await phone.fill({ 'Your password': PASSWORD });
    await phone.press('Confirm');
    await phone.reads('Your e-mail address is confirmed.');
  });

  it('says of a link that was used, or is not whole, that a new one is needed', async () => {
    await ada.signUp();
    await ada.press('Confirm the address');
    await ada.reads('A mail is on its way');
    await openLink(ada);
    await ada.press('Confirm');
    await ada.reads('Your e-mail address is confirmed.');
    await openLink(ada);
    await ada.press('Confirm');
    await ada.reads('This link does not work any more. Ask for a new one.');
    await ada.goto('/verify-email');
    await ada.reads('This link is not complete.');
  });

  it('changes name and address', async () => {
    await ada.signUp();
    await ada.fill({ 'What to call you': 'Countess' });
    await ada.press('Save');
    await ada.sees('Hello, Countess');
    await ada.reads('Your name is saved.');

    const newAddress = newEmail();
    await ada.fill({ 'New e-mail': newAddress, 'Your password': 'not the password' });
    await ada.press('Change the address');
    await ada.reads('E-mail or password is wrong.');
    await ada.fill({ 'Your password': PASSWORD });
    await ada.press('Change the address');
    await ada.reads(`A mail is on its way to ${newAddress}.`);
    await openLink(ada, newAddress);
    await ada.press('Confirm');
    await ada.reads('Your account has its new e-mail address.');
    await ada.follow('Go on');
    await ada.reads(newAddress);
  });

  it('ends a session on another device, and all others', async () => {
    await ada.signUp();
    const [phone, tablet] = [await stage.visitor(), await stage.visitor()];
    for (const other of [phone, tablet]) {
      await other.goto('/');
      await other.signIn(ada.email);
      await other.sees('Your profile');
    }
    await ada.follow('Sessions');
    const others = ada.page.getByRole('button', { name: /^End the session on Chrome/ });
    await others.nth(1).waitFor();
    await others.first().click();
    await others.nth(1).waitFor({ state: 'detached' });
    await ada.press('End all others');
    await ada.reads('Sessions ended: 1.');
    await others.first().waitFor({ state: 'detached' });

    for (const other of [phone, tablet]) {
      await other.follow('Sessions');
      await other.reads('Your session was ended. Sign in to go on where you were.');
      await other.signIn(ada.email);
      await other.sees('Where you are signed in');
    }
  });

  it('changes the password, and says what is wrong with one', async () => {
    await ada.signUp();
    const phone = await stage.visitor();
    await phone.goto('/security');
    await phone.signIn(ada.email);
    await phone.sees('Security');

    await ada.follow('Security');
    await ada.fill({ 'Present password': 'not the password', 'New password': NEW_PASSWORD });
    await ada.press('Change the password');
    await ada.reads('E-mail or password is wrong.');
    await ada.fill({ 'Present password': PASSWORD, 'New password': 'password' });
    await ada.press('Change the password');
    await ada.reads('This is too short or too easy to guess.');
    const field = ada.page.getByLabel('New password');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
    await ada.fill({ 'New password': NEW_PASSWORD });
    await ada.press('Change the password');
    await ada.reads('Your password is changed.');

    await phone.follow('Profile');
    await phone.follow('Sessions');
    await phone.reads('Your session was ended.');
    await phone.signIn(ada.email, NEW_PASSWORD);
    await phone.sees('Where you are signed in');
  });

  it('sets a forgotten password by a link', async () => {
    const { email } = await signUp(stage.server);
    await ada.goto('/login');
    await ada.follow('I forgot my password');
    // The page before has a field for the address, too.
    await ada.sees('Choose a new password');
    await ada.fill({ 'E-mail': email });
    await ada.press('Send me a link');
    await ada.reads('If there is an account with this address');
    await openLink(ada, email);
    await ada.fill({ 'New password': NEW_PASSWORD });
    await ada.press('Set the password');
    await ada.reads('Your new password is set.');
    await ada.follow('Go on');
    await ada.signIn(email, NEW_PASSWORD);
    await ada.sees('Your profile');
  });

  it('signs in by a link, when asked to and not before', async () => {
    const { email } = await signUp(stage.server);
    await ada.goto('/login');
    await ada.follow('Sign in by a link');
    await ada.sees('Sign in by a link');
    await ada.fill({ 'E-mail': email });
    await ada.press('Send me a link');
    await ada.reads('If there is an account with this address');
    await openLink(ada, email);
    expect(ada.count('LatchkeyLoginWithMagicLink')).toBe(0);
    await ada.press('Sign in');
    await ada.sees('Your profile');
  });

  it('shows the users to whoever may read them, from the moment on when they may', async () => {
    const { email } = await signUpWithRoles(stage.server, 'admin');
    await ada.signUp();
    await ada.goto('/admin');
    await ada.reads('This page is for administrators.');
    expect(await ada.page.getByRole('link', { name: 'Users' }).count()).toBe(0);

    await withAccounts(stage.server, (accounts) => accounts.setRoles(ada.email, ['admin', 'user']));
    await ada.follow('Sessions');
    await ada.follow('Users');
    await ada.page.getByLabel('Name or e-mail').fill(email);
    await ada.press('Search');
    await ada.reads('1 user');
    await ada.press(`Disable ${email}`);
    await ada.reads('disabled');
    await ada.press(`Enable ${email}`);
    await ada.page.getByRole('button', { name: `Disable ${email}` }).waitFor();

    await withAccounts(stage.server, (accounts) => accounts.setRoles(ada.email, ['user']));
    await ada.follow('Sessions');
    await ada.page.getByRole('link', { name: 'Users' }).waitFor({ state: 'detached' });
  });

  it('says beside a field that has to be filled in that it is empty, and sends nothing', async () => {
    await ada.signUp();
    await ada.follow('Security');
    await ada.press('Delete my account');
    await ada.reads('Something is not right yet: see the marked fields.');
    const field = ada.page.getByLabel('Your password');
    expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const described = `#${await field.getAttribute('aria-describedby')}`;
    expect(await ada.page.locator(described).textContent()).toBe('Fill this in.');
    expect(ada.count('DeleteAccount')).toBe(0);

    await ada.fill({ 'Your password': 'not the password' });
    await ada.press('Delete my account');
    await ada.reads('E-mail or password is wrong.');
    expect([ada.count('DeleteAccount'), await field.getAttribute('aria-invalid')]).toEqual([1, 'false']);
  });

  it('deletes the account', async () => {
    await ada.signUp();
    await ada.follow('Security');
    await ada.fill({ 'Your password': PASSWORD });
    await ada.press('Delete my account');
    await ada.sees('Sign in');
    await ada.signIn();
    await ada.reads('E-mail or password is wrong.');
  });

  describe('when the session has ended', () => {
    it('the sign-in takes the place of the page, and leads back to it', async () => {
      await ada.signUp();
      stage.server.clock.advance(MONTH);
      await ada.follow('Sessions');
      await ada.reads('You were away for a while. Sign in to go on where you were.');
      await ada.signIn();
      await ada.sees('Where you are signed in');
      await ada.reads('this device');
    });

    it('nothing of the page is seen when it is opened again', async () => {
      await ada.signUp();
      stage.server.clock.advance(MONTH);
      await ada.page.addInitScript(() => {
        const titles: string[] = [];
        Object.assign(globalThis, { titles });
        new MutationObserver(() => {
          const title = document.querySelector('h1')?.textContent;
          if (title && titles.at(-1) !== title) titles.push(title);
        }).observe(document, { childList: true, subtree: true });
      });
      await ada.page.reload();
      await ada.sees('Sign in');
      expect(await ada.page.evaluate(() => (globalThis as unknown as { titles: string[] }).titles)).toEqual([
        'Sign in',
      ]);
    });
  });

  describe('when the server can not be reached', () => {
    it('the page says so and nobody is signed out', async () => {
      await ada.signUp();
      await ada.context.setOffline(true);
      await ada.press('Save');
      await ada.reads('There is no connection to the server.');
      await ada.press('Log out');
      await ada.page.getByText('There is no connection to the server.').nth(1).waitFor();
      await ada.context.setOffline(false);
      await ada.press('Save');
      await ada.reads('Your name is saved.');
    });

    it('a page that is opened then says so, and goes on when it can', async () => {
      await ada.signUp();
      await ada.page.route('**/graphql', (route) => route.abort());
      await ada.page.reload();
      await ada.sees('No connection');
      await ada.page.unroute('**/graphql');
      await ada.press('Try again');
      await ada.sees('Your profile');
    });
  });

  it('can be used with the keyboard alone', async () => {
    await ada.goto('/signup');
    const { keyboard } = ada.page;
    await ada.page.getByLabel('Name').focus();
    for (const text of ['Ada', 'not an address', PASSWORD]) {
      await keyboard.type(text);
      await keyboard.press('Tab');
    }
    await keyboard.press('Enter');
    await ada.reads('Enter an e-mail address, such as ada@example.com.');
    // The focus is in the field that is wrong.
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type(ada.email);
    await keyboard.press('Enter');
    await ada.sees('Hello, Ada');
    await ada.page.getByRole('link', { name: 'Security' }).focus();
    await keyboard.press('Enter');
    await ada.sees('Security');
    expect(await ada.page.evaluate(() => document.activeElement?.textContent)).toBe('Security');
  });
});

describe('each page of the example frontend', () => {
  let stage: Stage;
  let ada: Visitor;

  beforeAll(async () => {
    stage = await Stage.start('COOKIE');
    ada = await stage.visitor();
  });
  afterAll(async () => {
    expect(await stage.leave()).toEqual([]);
    await stage.stop();
  });

  it.each([
    ['/login', 'Sign in'],
    ['/signup', 'Create an account'],
    ['/forgot-password', 'Choose a new password'],
    ['/sign-in-link', 'Sign in by a link'],
    ['/verify-email#token=lko_x', 'Confirm your e-mail address'],
    ['/reset-password#token=lko_x', 'Choose a new password'],
    ['/magic-link#token=lko_x', 'Sign in'],
    ['/confirm-email-change#token=lko_x', 'Confirm your new e-mail address'],
    ['/revert-email-change#token=lko_x', 'Take your e-mail address back'],
  ])('for everybody is accessible, by day and by night, on a desk and on a phone: %s', async (path, title) => {
    await ada.goto(path);
    await ada.sees(title);
    expect(await faultsOf(ada.page, path.slice(1).split('#', 1).join())).toEqual([]);
  });

  it.each([
    ['an empty', {}, 'Fill this in.', 'signup-empty'],
    ['a refused', { 'E-mail': 'no address', Password: PASSWORD }, 'Enter an e-mail address', 'signup-refused'],
  ])('with %s form is accessible', async (_which, values, words, name) => {
    await ada.goto('/signup');
    await ada.fill(values);
    await ada.press('Create an account');
    await ada.reads(words);
    expect(await faultsOf(ada.page, name)).toEqual([]);
  });

  it.each([
    ['/', 'Hello, Ada Lovelace'],
    ['/sessions', 'Where you are signed in'],
    ['/security', 'Security'],
    ['/admin', 'Users'],
    ['/nowhere', 'There is no such page'],
  ])('for those who are signed in is accessible: %s', async (path, title) => {
    if (path === '/') {
      await ada.goto('/signup');
      await ada.fill({ Name: 'Ada Lovelace', 'E-mail': ada.email, Password: PASSWORD });
      await ada.press('Create an account');
      await ada.sees(title);
      await withAccounts(stage.server, (accounts) => accounts.setRoles(ada.email, ['admin', 'user']));
    }
    await ada.goto(path);
    await ada.sees(title);
    await ada.page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));
    expect(await faultsOf(ada.page, path.slice(1) || 'profile')).toEqual([]);
  });
});

it('where addresses have to be confirmed first, the example frontend says so', async () => {
  const stage = await Stage.start('COOKIE', () => ({ REQUIRE_EMAIL_VERIFICATION: 'true' }));
  const ada = await stage.visitor();
  await ada.goto('/signup');
  await ada.fill({ 'E-mail': ada.email, Password: PASSWORD });
  await ada.press('Create an account');
  await ada.sees('Look into your mail');
  expect(await faultsOf(ada.page, 'confirm-first')).toEqual([]);
  await ada.press('Send it again');
  await ada.reads('Another mail is on its way.');
  // Nothing but the mail tells whether the address has an account.
  await ada.goto('/login');
  await ada.signIn();
  await ada.reads('After a sign-up, open the link in your mail first.');
  const { link } = await stage.life.mailTo(ada.email);
  await ada.page.goto(link ?? '');
  await ada.press('Confirm');
  await ada.reads('Your e-mail address is confirmed.');
  await ada.follow('Go on');
  await ada.signIn();
  await ada.sees('Your profile');
  expect(await stage.leave()).toEqual([]);
  await stage.stop();
});

/** Where the browser has tokens. */
async function tokensIn({ context, page }: Visitor): Promise<string[]> {
  const cookies = (await context.cookies()).filter(({ name }) => !name.endsWith('device')).map(({ name }) => name);
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  return [...cookies.sort(), ...(/lkr_|eyJ/.test(stored) ? ['localStorage'] : [])];
}
