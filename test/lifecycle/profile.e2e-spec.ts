import { fieldsOf } from '../accounts/operations.js';
import { signUp } from '../support/accounts.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const UPDATE = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { id name locale roles } }';
const update = (token: string, input: Record<string, unknown>) =>
  server.call<{ updateProfile: { name: string | null } }>(UPDATE, { input }, { token });

describe('a profile', () => {
  it('keeps what the input leaves out, and loses what it sets to null', async () => {
    const { id, accessToken } = await signUp(server);
    const is = (name: string | null, locale: string | null) => ({
      updateProfile: { id, name, locale, roles: ['user'] },
    });
    expect((await update(accessToken, { name: '  Ada  ', locale: 'DE-ch' })).data).toEqual(is('Ada', 'de-CH'));
    expect((await update(accessToken, {})).data).toEqual(is('Ada', 'de-CH'));
    expect((await update(accessToken, { locale: null })).data).toEqual(is('Ada', null));
    expect((await update(accessToken, { name: null })).data).toEqual(is(null, null));
    expect((await server.call('{ me { name locale } }', {}, { token: accessToken })).data).toEqual({
      me: { name: null, locale: null },
    });
  });

  it('refuses what is no name or no language, by field', async () => {
    const { accessToken } = await signUp(server);
    const refused = await update(accessToken, { name: 'A'.repeat(201), locale: 'not a language' });
    expect([refusalOf(refused), fieldsOf(refused)]).toEqual([
      'BAD_USER_INPUT',
      [
        { path: 'input.name', message: 'must not be longer than 200 characters' },
        { path: 'input.locale', message: 'must be a language tag (BCP 47)' },
      ],
    ]);
  });

  it('is the only thing that it changes: no role, no address, no password', async () => {
    const { accessToken } = await signUp(server);
    for (const field of ['roles', 'email', 'emailVerified', 'password', 'id', 'disabledAt']) {
      expect([field, (await update(accessToken, { [field]: 'x' })).status]).toEqual([field, 400]);
    }
  });
});
