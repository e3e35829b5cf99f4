import fc from 'fast-check';
import { normalizeEmail } from '../../src/users/email.js';
import { User } from '../../src/users/user.entity.js';
import { newEmail, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';
import { refusalOf } from '../support/refusals.js';
import { TestServer } from '../support/test-server.js';
import { fieldsOf, tryLogin, trySignup } from './operations.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const refusedAddress = [{ path: 'input.email', message: 'must be an e-mail address' }];

/** @see better-auth/better-auth#10276, appsmithorg/appsmith#2689 */
describe('the letter case of an address', () => {
  it('does not matter, neither at login nor for a second account', async () => {
    const { data } = await trySignup(server, { email: 'Ann.Lee@Example.COM' });
    expect(data?.signup.user?.email).toBe('ann.lee@example.com');
    for (const spelling of [
      'Ann.Lee@Example.COM',
      'ann.lee@example.com',
      'ANN.LEE@EXAMPLE.COM',
      'ann.LEE@example.Com',
    ]) {
      expect((await tryLogin(server, spelling)).data?.login.user).toEqual(data?.signup.user);
      expect(refusalOf(await trySignup(server, { email: spelling }))).toBe('EMAIL_TAKEN');
    }
    expect(await server.em().count(User, { email: 'ann.lee@example.com' })).toBe(1);
  });

  it('never merges the dotless i of Turkish with i', async () => {
    const dotless = await signUp(server, 'kıvanc@example.com');
    const dotted = await signUp(server, 'KIVANC@example.com');
    expect([dotless.email, dotted.email]).toEqual(['kıvanc@example.com', 'kivanc@example.com']);
    expect((await tryLogin(server, 'KIVANC@EXAMPLE.COM')).data?.login.user?.id).toBe(dotted.id);
    expect((await tryLogin(server, 'kıvanc@example.com')).data?.login.user?.id).toBe(dotless.id);
  });

  it('is in the database what the server made of it: a row with capitals is refused, whoever writes it', async () => {
    const { id, email } = await signUp(server);
    const write = server
      .em()
      .getConnection()
      .execute('update users set email = ? where id = ?', [email.toUpperCase(), id]);
    await expect(write).rejects.toThrow(/users_email_normalized/);
    expect((await server.em().findOneOrFail(User, id)).email).toBe(email);
  });
});

/** @see openstreetmap/openstreetmap-website#2173 */
describe('blanks around an address', () => {
  it.each([
    ['a leading blank', ' '],
    ['a tab', '\t'],
    ['a line break', '\r\n'],
    ['U+00A0', '\u00a0'],
    ['U+3000', '\u3000'],
    ['U+FEFF', '\ufeff'],
  ])('%s does not matter, before or after', async (_, blank) => {
    const email = newEmail();
    const { data } = await trySignup(server, { email: `${blank}${email}${blank}` });
    expect(data?.signup.user?.email).toBe(email);
    for (const spelling of [`${blank}${email}`, `${email}${blank}`, `${blank}${blank}${email}`]) {
      expect((await tryLogin(server, spelling)).data?.login.user).toEqual(data?.signup.user);
    }
  });

  it.each([
    ['an inner blank', 'ann lee@example.com'],
    ['a blank before the @', 'ann @example.com'],
    ['an inner U+00A0', 'ann\u00a0lee@example.com'],
    ['an inner tab', 'ann\tlee@example.com'],
    ['a zero-width space', '\u200bann@example.com'],
    ['a zero-width joiner', 'ann\u200d@example.com'],
    ['a direction mark', 'ann\u202e@example.com'],
    ['NUL', 'ann\0@example.com'],
    ['a quoted blank', '"ann lee"@example.com'],
    ['two addresses', 'ann@example.com,eve@example.com'],
    ['a display name', 'Ann <ann@example.com>'],
    ['no host', 'ann@'],
    ['no dot in the host', 'ann@localhost'],
    [
      'over 254 characters',
      `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(10)}`,
    ],
    ['nothing', ''],
    ['blanks alone', ' \t '],
  ])('%s is refused by signup and login alike, naming the field', async (_, email) => {
    const before = await server.em().count(User);
    for (const answer of [await trySignup(server, { email }), await tryLogin(server, email)]) {
      expect([refusalOf(answer), fieldsOf(answer)]).toEqual(['BAD_USER_INPUT', refusedAddress]);
      if (email.includes('ann')) expect(answer.text).not.toContain('ann');
    }
    expect(await server.em().count(User)).toBe(before);
  });
});

describe('composed and decomposed letters', () => {
  it('are the same letters', async () => {
    const { id, email } = await signUp(server, 'Ze\u0301lie@example.com');
    expect(email).toBe('z\u00e9lie@example.com');
    expect((await tryLogin(server, 'z\u00c9lie@example.com')).data?.login.user?.id).toBe(id);
    expect((await tryLogin(server, 'zE\u0301lie@example.com')).data?.login.user?.id).toBe(id);
    expect(refusalOf(await trySignup(server, { email: 'z\u00e9lie@example.com' }))).toBe('EMAIL_TAKEN');
  });
});

describe('upper and lower case', () => {
  it('are one address, with any mark on the letter, also where only one of the two has a composed form', () => {
    const letters = Array.from({ length: 0x1_ffff }, (_, code) => String.fromCodePoint(code)).filter(
      (letter) => letter.isWellFormed() && letter.toLowerCase() !== letter,
    );
    const marks = ['', ...Array.from({ length: 0x70 }, (_, index) => String.fromCodePoint(0x300 + index))];
    const spellings = letters.flatMap((letter) => marks.map((mark) => `${letter}${mark}@example.com`));
    const different = spellings.filter((email) => {
      const [stored, lower] = [normalizeEmail(email), normalizeEmail(email.toLowerCase())];
      return stored !== lower || normalizeEmail(stored) !== stored;
    });
    expect(different).toEqual([]);
  });
});

/** RFC 5321 section 4.1.2: the quotes, and backslashes within, are no part of the name of a mailbox. */
describe('a quoted local part', () => {
  it('is the one without quotes where it needs none', async () => {
    const { data } = await trySignup(server, { email: '"ada.k"@example.com' });
    expect(data?.signup.user?.email).toBe('ada.k@example.com');
    for (const email of ['ada.k@example.com', '"\\ada.k"@example.com', ' "A\\da\\.\\k"@Example.com ']) {
      expect((await tryLogin(server, email)).data?.login.user).toEqual(data?.signup.user);
      expect(refusalOf(await trySignup(server, { email }))).toBe('EMAIL_TAKEN');
    }
  });

  it('has one form however its letters are written', () => {
    const local = fc.string({ unit: fc.constantFrom(...Array.from('abZé\u0301e.+-_ß')), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(local, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (text, escaped) => {
        fc.pre(!/^\.|\.\.|\.$/.test(text));
        const quoted = [...text].map((letter, at) => (escaped[at] ? `\\${letter}` : letter)).join('');
        expect(normalizeEmail(`"${quoted}"@example.com`)).toBe(normalizeEmail(`${text}@example.com`));
      }),
    );
  });

  it.each([
    '""@example.com',
    '"ann@lee"@example.com',
    '"ann..lee"@example.com',
    '"a\\"b"@example.com',
    '"ann".lee@example.com',
  ])('is refused where it needs its quotes: %s', async (email) => {
    for (const answer of [await trySignup(server, { email }), await tryLogin(server, email)]) {
      expect([refusalOf(answer), fieldsOf(answer)]).toEqual(['BAD_USER_INPUT', refusedAddress]);
    }
  });
});

/** RFC 5891: the two forms are one domain, and mail for both goes to one mailbox. */
describe('the domain of an address', () => {
  it('has one form, in ASCII, however it is written', async () => {
    const { id, email } = await signUp(server, 'ida@exämple.com');
    expect(email).toBe('ida@xn--exmple-cua.com');
    const spellings = ['ida@xn--exmple-cua.com', 'ida@XN--EXMPLE-CUA.com', 'Ida@EXÄMPLE.com', 'ida@exa\u0308mple。com'];
    for (const spelling of spellings) {
      expect((await tryLogin(server, spelling)).data?.login.user?.id).toBe(id);
      expect(refusalOf(await trySignup(server, { email: spelling }))).toBe('EMAIL_TAKEN');
    }
  });

  it.each([
    'ida@exämple.com/x',
    'ida@exämple.com:80',
    'ida@exämple.com?x',
    'ida@ex%61mplä.com',
    'ida@１２７.1',
    'ida@ä_b.com',
  ])('is none of a URL: %s is refused', async (email) => {
    expect(refusalOf(await trySignup(server, { email }))).toBe('BAD_USER_INPUT');
  });

  it('makes no address of more than 254 characters', async () => {
    const email = `${'a'.repeat(64)}@${'ä'.repeat(40)}.${'ä'.repeat(40)}.${'ä'.repeat(40)}.${'ä'.repeat(40)}.com`;
    expect(email.length).toBeLessThan(254);
    expect(normalizeEmail(email).length).toBeGreaterThan(254);
    expect(refusalOf(await trySignup(server, { email }))).toBe('BAD_USER_INPUT');
  });
});

describe('whatever the spelling', () => {
  const letters = fc.string({
    unit: fc.constantFrom(...Array.from('abcxyzABCXYZ019_+-é\u00c9ßöÖıŞş')),
    minLength: 1,
    maxLength: 12,
  });
  const blanks = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\u00a0', '\u2003', '\ufeff'), maxLength: 3 });
  const shouting = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });

  it('an address that signs up signs in again in any case of its ASCII letters, with any blanks around', async () => {
    await fc.assert(
      fc.asyncProperty(letters, blanks, blanks, shouting, async (local, before, after, upper) => {
        const email = `${local}.${newEmail().slice(5, 20)}@Example.org`;
        const { data } = await trySignup(server, { email });
        const variant = [...email].map((letter, at) =>
          upper[at] && /[a-z]/.test(letter) ? letter.toUpperCase() : letter,
        );
        const login = await tryLogin(server, `${before}${variant.join('')}${after}`);
        expect(login.data?.login.user).toEqual(data?.signup.user);
        expect(login.data?.login.user?.email).toBe(normalizeEmail(email));
      }),
      { numRuns: 40 },
    );
  });

  it('normalising twice is normalising once, so what is stored is found again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (local, domain) => {
        for (const text of [local, `${local}@${domain}.com`, `"${local}"@${domain}.com`]) {
          expect(normalizeEmail(normalizeEmail(text))).toBe(normalizeEmail(text));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** @see SandeepVashishtha/Eventra#19012, mikro-orm/mikro-orm#3676 */
describe('20 sign-ups of one address at once', () => {
  it(`have one winner, who can sign in; the others read EMAIL_TAKEN (${testEngine})`, async () => {
    const email = newEmail();
    const spellings = Array.from({ length: 20 }, (_, index) => (index % 2 ? email : email.toUpperCase()));
    const answers = await Promise.all(
      spellings.map((spelling, index) =>
        trySignup(server, { email: spelling, password: `${index} horse battery staple` }),
      ),
    );
    const winner = answers.findIndex(({ errors }) => errors.length === 0);
    const refusals = answers.filter((_, index) => index !== winner).map(refusalOf);
    expect(refusals).toEqual(Array.from({ length: 19 }, () => 'EMAIL_TAKEN'));
    expect(await server.em().count(User, { email })).toBe(1);
    const login = await tryLogin(server, email, `${winner} horse battery staple`);
    expect(login.data?.login.user).toEqual(answers[winner]?.data?.signup.user);
  });
});
